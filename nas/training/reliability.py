"""Whether class probabilities mean what they say: of images told with 80 %, four in five are so."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

BINS = 15
"""Number of equal bins of confidence, as in Guo et al. 2017 (arXiv 1706.04599)."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Reliability:
    """How often the most probable class is right, by how probable it was said to be.

    Attributes:
        share: (15,) share of the images in each bin of confidence, from 0 to 1.
        confidence: (15,) mean probability of the most probable class; not a number in a bin without
            images.
        accuracy: (15,) share of images whose most probable class is right; the same.
        error: expected calibration error: by how much confidence and accuracy differ, averaged over
            the bins, each of which counts with its share of the images (Guo et al. 2017).

    Example:
        >>> import numpy as np
        >>> from nas.training.reliability import Reliability
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
        >>> Reliability.of(np.array([0, 1]), probabilities).error
        0.15
    """

    share: Floats
    confidence: Floats
    accuracy: Floats
    error: float

    @staticmethod
    def of(labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.floating]) -> "Reliability":
        """Return how reliable class probabilities are.

        Args:
            labels: labels (N,) of the images.
            probabilities: class probabilities (N, K).
        """
        confidence = probabilities.max(axis=1).astype(np.float64)
        right = probabilities.argmax(axis=1) == labels
        bins = np.minimum((confidence * BINS).astype(np.int64), BINS - 1)
        images = np.bincount(bins, minlength=BINS)
        gaps = np.bincount(bins, weights=right - confidence, minlength=BINS)
        with np.errstate(invalid="ignore"):  # a bin without images
            told = np.bincount(bins, weights=confidence, minlength=BINS) / images
            found = np.bincount(bins, weights=right, minlength=BINS) / images
        # What differs in the last digits only is written as one number.
        error = round(float(np.abs(gaps).sum() / len(labels)), 12)
        return Reliability(images / len(labels), told, found, error)
