"""How much more often one kind of search beats another, and whether that can be chance."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nas.training.bootstrap import Floats


@dataclass(frozen=True)
class Superiority:
    """A comparison of two kinds of search by the probability of superiority.

    Attributes:
        probability: Probability that a search of the first kind finds a better network than one of
            the second; ties count half.
        low: Lower end of its interval of 95 %.
        high: Upper end.
        p_value: Two-sided p of Mann and Whitney's test that the two find equally good ones.
    """

    probability: float
    low: float
    high: float
    p_value: float


def superiority(ours: Floats, theirs: Floats) -> Superiority:
    """Compare what searches of two kinds found.

    The probability is Mann and Whitney's U over the number of pairs, and its interval is the one of
    DeLong et al. (1988, Biometrics 44, 837).

    Args:
        ours: (N,) outcomes of searches of the first kind; more is better.
        theirs: (M,) outcomes of searches of the second kind.

    Example:
        >>> import numpy as np
        >>> found = superiority(np.array([0.97, 0.98, 0.99]), np.array([0.95, 0.96, 0.98]))
        >>> round(found.probability, 3)  # 7.5 of 9 pairs
        0.833
    """
    wins = np.sign(ours[:, None] - theirs) / 2 + 0.5
    probability = float(wins.mean())
    variance = sum(stats.sem(wins.mean(axis=axis)) ** 2 for axis in (0, 1))
    half = float(stats.norm.ppf(0.975) * np.sqrt(variance))
    p_value = float(stats.mannwhitneyu(ours, theirs).pvalue)
    return Superiority(
        probability, max(0.0, probability - half), min(1.0, probability + half), p_value
    )
