"""How sure an AUC is, in words; and chance, with a warning where a network is no better."""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from nas.common.progress import say

CHANCE = 0.5
"""The AUC of a network that guesses."""

# How often a network that guesses may pass for one that has learned something.
_ERROR = 0.05


def rough_interval(auc: float, labels: npt.NDArray[np.int64], classes: int) -> tuple[float, float]:
    """Return about the 95 % interval of an AUC over the images, where only the area is known.

    The variance is that of Hanley and McNeil (1982, Radiology 143, 29), and the interval is even in
    log odds. As in :func:`highest_guess` it is rather too wide than too narrow.

    Args:
        auc: macro one-vs-rest AUC.
        labels: labels (N,) of the images; every class has some.
        classes: number of classes K.

    Example:
        >>> low, high = rough_interval(0.9, np.arange(300) % 3, 3)
        >>> f"{low:.3f} to {high:.3f}"
        '0.849 to 0.935'
    """
    positive = np.bincount(labels, minlength=classes)
    negative = len(labels) - positive
    # As if half an image were wrong at least, so that a perfect area has an interval too.
    least = 0.5 / float(positive.mean())
    area = min(max(auc, least), 1 - least)
    odds, both = area / (2 - area), 2 * area**2 / (1 + area)
    variances = (
        area * (1 - area) + (positive - 1) * (odds - area**2) + (negative - 1) * (both - area**2)
    ) / (positive * negative)
    deviation = float(np.sqrt(variances).mean()) / (area * (1 - area))
    reach = NormalDist().inv_cdf(0.975) * deviation
    low, high = (float(expit(logit(area) + side * reach)) for side in (-1, 1))
    return min(low, auc), max(high, auc)


def interval_words(interval: tuple[float, float]) -> str:
    """Return a 95 % interval as commands print it.

    Example:
        >>> interval_words((0.91, 0.9467))
        '95 % interval 0.9100 to 0.9467'
    """
    low, high = interval
    return f"95 % interval {low:.4f} to {high:.4f}"


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
    warn_below(highest_guess(labels, classes, guesses), what, auc, CHANCE, len(labels))


def warn_below(limit: float, what: str, value: float, chance: float, images: int) -> None:
    """Warn where a score is one that guesses have.

    Args:
        limit: the highest score of guesses.
        what: whose score it is.
        value: the score.
        chance: what guesses have on average.
        images: number of images that gave the score.
    """
    if value <= limit:
        say(
            f"warning: {what} {value:.3f} is not above chance ({chance:g}): on {images:,} images "
            f"guesses reach {limit:.3f}; train longer, or on more images"
        )
