"""The normalisation of pixels, fitted on training images only and stored with every model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt

from nas.common.rules import Must

Images = npt.NDArray[np.float32]

Positive = Annotated[tuple[float, ...], Must(lambda values: min(values, default=1) > 0, "positive")]
"""One positive number for each channel."""

# Number of images that are read at a time, which bounds the memory: 64 MiB for 64 x 64 pixels.
_CHUNK = 4096


@dataclass(frozen=True)
class Normalisation:
    """A map of pixels to a scale that networks learn from, the same for all images.

    Each channel becomes ``(asinh((pixels - mean) / std) - offset) / scale``. The inverse hyperbolic
    sine, astronomy's stretch (Lupton et al. 1999, AJ 118, 1406), is linear in the faint and
    logarithmic in the bright parts. Without it the few bright pixels of an arc are all that a
    network sees at first (measured: ``docs/simulation.md``).

    Attributes:
        mean: mean of the pixels, one number for each channel, in the unit of the data.
        std: standard deviation of the pixels, one positive number for each channel, in the unit of
            the data.
        offset: mean of the stretched pixels, one number for each channel.
        scale: standard deviation of the stretched pixels, one positive number for each channel.

    Example:
        >>> import numpy as np
        >>> from nas.data import Normalisation
        >>> images = np.random.default_rng(0).exponential(5, (20, 1, 16, 16)).astype(np.float32)
        >>> training = np.arange(15)
        >>> normalisation = Normalisation.fit(images, training)
        >>> normalised = normalisation(images)
        >>> bool(abs(normalised[training].mean()) < 1e-5)
        True
        >>> bool(abs(normalised[training].std() - 1) < 1e-5)
        True
    """

    mean: tuple[float, ...]
    std: Positive
    offset: tuple[float, ...]
    scale: Positive

    @staticmethod
    def fit(images: Images, indices: npt.NDArray[np.int64]) -> "Normalisation":
        """Fit a normalisation on training images.

        Args:
            images: images of a data set, (N, C, H, W).
            indices: positions of the training images among them.
        """
        mean, std = _moments(images, indices, lambda chunk: chunk)
        offset, scale = _moments(images, indices, lambda chunk: _stretch(chunk, mean, std))
        return Normalisation(mean, std, offset, scale)

    def __call__(self, images: Images) -> Images:
        """Return normalised images of the same shape, which is (..., C, H, W)."""
        stretched = _stretch(images, self.mean, self.std)
        return (stretched - _channels(self.offset)) / _channels(self.scale)


def _stretch(images: Images, mean: tuple[float, ...], std: tuple[float, ...]) -> Images:
    stretched: Images = np.arcsinh((images - _channels(mean)) / _channels(std))
    return stretched


def _channels(values: tuple[float, ...]) -> npt.NDArray[np.float32]:
    return np.array(values, dtype=np.float32)[:, None, None]


def _moments(
    images: Images, indices: npt.NDArray[np.int64], change: Callable[[Images], Images]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of each channel of the changed images."""
    count, total, squares = 0, np.zeros(images.shape[1]), np.zeros(images.shape[1])
    # The mean of the first image is taken off before squaring, or bright constant backgrounds would
    # cancel digits.
    offset = change(images[indices[:1]]).mean(axis=(0, 2, 3), dtype=np.float64)
    for start in range(0, len(indices), _CHUNK):
        chunk = (
            change(images[indices[start : start + _CHUNK]]).astype(np.float64)
            - offset[:, None, None]
        )
        count += chunk.size // chunk.shape[1]
        total += chunk.sum(axis=(0, 2, 3))
        squares += np.square(chunk).sum(axis=(0, 2, 3))
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0))
    # A constant channel carries no information, and dividing it by 1 keeps it at zero.
    std = np.where(std > 0, std, 1.0)
    return tuple((mean + offset).tolist()), tuple(std.tolist())
