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


# The stretch is linear up to so many standard deviations of the noise, or up to this share of what
# the bright pixels of an image have above the sky, where that is more.
_NOISE, _SHARE = 3.0, 0.005

# The percentiles of an image's pixels that are taken for the sky and for bright, which single hot
# pixels do not move; about the number of images that tell them and the noise; and how many of these
# are looked at together.
_SKY, _BRIGHT, _TOLD, _TOGETHER = 10, 99, 1000, 32


@dataclass(frozen=True)
class Normalisation:
    """A map of pixels to a scale that networks learn from, the same for all images.

    Each channel becomes ``(asinh((pixels - sky) / softening) - offset) / scale``. The inverse
    hyperbolic sine, astronomy's stretch (Lupton et al. 1999, AJ 118, 1406), is linear in the faint
    and logarithmic in the bright parts. Without it, or with a softening far above the noise, the
    few bright pixels of an arc are all that a network sees at first (``docs/simulation.md``).

    Attributes:
        sky: level of the sky, one number for each channel, in the unit of the data.
        softening: difference from the sky up to which the stretch is about linear, one positive
            number for each channel, in the unit of the data.
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

    sky: tuple[float, ...]
    softening: Positive
    offset: tuple[float, ...]
    scale: Positive

    @staticmethod
    def fit(images: Images, indices: npt.NDArray[np.int64]) -> "Normalisation":
        """Fit a normalisation on training images.

        Args:
            images: images of a data set, (N, C, H, W).
            indices: positions of the training images among them.
        """
        told = indices[:: max(1, len(indices) // _TOLD)]
        levels = np.concatenate(
            [
                _levels(images[told[start : start + _TOGETHER]].astype(np.float64))
                for start in range(0, len(told), _TOGETHER)
            ],
            axis=1,
        )
        sky, bright, noise = np.median(levels, axis=1)
        limits = np.maximum(_NOISE * noise, _SHARE * (bright - sky))
        if not limits.all():  # images of nothing but a few pixels
            _, spread = _moments(images, indices, lambda chunk: chunk)
            limits = np.where(limits > 0, limits, spread)
        level, softening = tuple(sky.tolist()), tuple(limits.tolist())
        offset, scale = _moments(images, indices, lambda chunk: _stretch(chunk, level, softening))
        return Normalisation(level, softening, offset, scale)

    def __call__(self, images: Images) -> Images:
        """Return normalised images of the same shape, which is (..., C, H, W)."""
        stretched = _stretch(images, self.sky, self.softening)
        return (stretched - _channels(self.offset)) / _channels(self.scale)


def _stretch(images: Images, sky: tuple[float, ...], softening: tuple[float, ...]) -> Images:
    stretched: Images = np.arcsinh((images - _channels(sky)) / _channels(softening))
    return stretched


def _levels(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return sky, bright pixels and noise (3, N, C) of images (N, C, H, W)."""
    sky, bright = np.percentile(images, (_SKY, _BRIGHT), axis=(2, 3))
    return np.stack((sky, bright, _noise(images)))


def _noise(images: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return the standard deviation of the noise (N, C) of images (N, C, H, W).

    It is told from how a pixel differs from those around it, which a plane or a saddle leaves at
    zero (Immerkær 1996, CVIU 64, 300), by the median over the pixels of an image, where an arc is
    not seen.
    """
    if min(images.shape[2:]) < 3:
        return np.zeros(images.shape[:2])
    along = images[:, :, 2:] - 2 * images[:, :, 1:-1] + images[:, :, :-2]
    both = along[..., 2:] - 2 * along[..., 1:-1] + along[..., :-2]
    # The squares of the nine factors add up to 36, and half of all deviations are below .6745 σ.
    noise: npt.NDArray[np.float64] = np.median(np.abs(both), axis=(2, 3)) / (6 * 0.6745)
    return noise


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
