"""Scaling pixels to zero mean and unit variance, fitted on training images only and stored with every model."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

# Images read at a time: bounds the memory, 64 MiB for 64 x 64 pixels.
_CHUNK = 4096


@dataclass(frozen=True)
class Normalisation:
    """``(pixels - mean) / std``, channel by channel.

    Attributes:
        mean: one number a channel, in the data's own unit.
        std: likewise, positive.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    @staticmethod
    def fit(images: npt.NDArray[np.float32], indices: npt.NDArray[np.int64]) -> "Normalisation":
        """Fit on the images (N, C, H, W) at ``indices``, which must be training images."""
        count, total, squares = 0, np.zeros(images.shape[1]), np.zeros(images.shape[1])
        # The first image's mean is taken off before squaring, or bright constant backgrounds would cancel digits.
        offset = images[indices[0]].mean(axis=(1, 2), dtype=np.float64)
        for start in range(0, len(indices), _CHUNK):
            chunk = images[indices[start : start + _CHUNK]].astype(np.float64) - offset[:, None, None]
            count += chunk.size // chunk.shape[1]
            total += chunk.sum(axis=(0, 2, 3))
            squares += np.square(chunk).sum(axis=(0, 2, 3))
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - mean**2, 0))
        # A constant channel carries nothing; dividing it by 1 keeps it at zero.
        std = np.where(std > 0, std, 1.0)
        return Normalisation(tuple((mean + offset).tolist()), tuple(std.tolist()))

    def __call__(self, images: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return normalised images; ``images`` is (..., C, H, W)."""
        mean = np.array(self.mean, dtype=np.float32)[:, None, None]
        std = np.array(self.std, dtype=np.float32)[:, None, None]
        return (images - mean) / std
