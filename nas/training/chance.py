"""Chance: the AUC of networks that guess, and a warning where a network is no better."""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from nas.common.progress import say

CHANCE = 0.5
"""The AUC of a network that guesses."""

# How often a network that guesses may pass for one that has learned something.
_ERROR = 0.05


def highest_guess(labels: npt.NDArray[np.int64], classes: int, guesses: int = 1) -> float:
    """Return the AUC that the best of some networks that guess exceeds once in 20 times.

    The variance of an AUC is that of the Mann-Whitney statistic. The areas of the classes are taken
    to go up and down together, so the bound is rather too high than too low.

    Args:
        labels: labels (N,) of the images; every class has some.
        classes: number of classes K.
        guesses: number of networks of which the best is taken.

    Example:
        >>> labels = np.arange(60) % 3
        >>> round(highest_guess(labels, 3), 3), round(highest_guess(labels, 3, guesses=50), 3)
        (0.631, 0.746)
    """
    positive = np.bincount(labels, minlength=classes)
    variances = (len(labels) + 1) / (12 * positive * (len(labels) - positive))
    deviation = float(np.sqrt(variances).mean())
    return CHANCE + NormalDist().inv_cdf(1 - _ERROR / guesses) * deviation


def warn_of_chance(
    what: str, auc: float, labels: npt.NDArray[np.int64], classes: int, guesses: int = 1
) -> None:
    """Warn where an AUC is not above chance.

    Args:
        what: whose AUC it is, for example ``the supernet's validation AUC``.
        auc: the area.
        labels: labels (N,) of the images that gave it.
        classes: number of classes K.
        guesses: number of networks of which it is the highest.
    """
    limit = highest_guess(labels, classes, guesses)
    if auc <= limit:
        say(
            f"warning: {what} {auc:.3f} is not above chance ({CHANCE}): on {len(labels):,} images "
            f"guesses reach {limit:.3f}; train longer, or on more images"
        )
