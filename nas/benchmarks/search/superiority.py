"""How much more often one kind of search beats another, and whether that can be chance."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from nas.training.bootstrap import Floats

_FEW = 10
"""Searches of a kind from which on there is an interval, and a normal distribution of U."""
_ALL = 100_000
"""More than the ways to divide fewer searches than that, all of which are then counted."""

PAYS = 0.75
"""Probability of superiority from which on a search pays, as docs/proof.md has it."""


@dataclass(frozen=True)
class Superiority:
    """A comparison of two kinds of search by the probability of superiority.

    Attributes:
        probability: Probability that a search of the first kind finds a better network than one of
            the second; ties count half.
        interval: Its interval of 95 %; None where there are too few searches.
        p_value: Two-sided p of Mann and Whitney's test that the two find equally good ones.
    """

    probability: float
    interval: tuple[float, float] | None
    p_value: float

    @property
    def verdict(self) -> str:
        """What is called so in docs/proof.md."""
        if self.interval is None:
            return "too few searches"
        low, high = self.interval
        if low >= PAYS:
            return "pays"
        if low > 0.5:
            return "better"
        return "worse" if high < 0.5 else "cannot be told apart"


def superiority(ours: Floats, theirs: Floats) -> Superiority:
    """Compare what searches of two kinds found.

    The probability is Mann and Whitney's U over the number of pairs, and its interval is the one of
    DeLong et al. (1988, Biometrics 44, 837). The p-value of few searches counts all ways to divide
    them.

    Args:
        ours: (N,) outcomes of searches of the first kind; more is better.
        theirs: (M,) outcomes of searches of the second kind.

    Example:
        >>> import numpy as np
        >>> found = superiority(np.array([0.97, 0.98, 0.99]), np.array([0.95, 0.96, 0.98]))
        >>> round(found.probability, 3), round(found.p_value, 2)  # 7.5 of 9 pairs
        (0.833, 0.3)
    """
    wins = np.sign(ours[:, None] - theirs) / 2 + 0.5
    probability = float(wins.mean())
    if min(len(ours), len(theirs)) < _FEW:
        counted = stats.PermutationMethod(n_resamples=_ALL)
        p_value = stats.mannwhitneyu(ours, theirs, method=counted).pvalue
        return Superiority(probability, None, float(p_value))
    variance = sum(stats.sem(wins.mean(axis=axis)) ** 2 for axis in (0, 1))
    half = float(stats.norm.ppf(0.975) * np.sqrt(variance))
    interval = max(0.0, probability - half), min(1.0, probability + half)
    return Superiority(probability, interval, float(stats.mannwhitneyu(ours, theirs).pvalue))
