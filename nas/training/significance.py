"""Whether a difference between two networks can be chance."""

from collections.abc import Mapping

from scipy import stats

from nas.training.bootstrap import Floats


def p_of_difference(difference: float, resampled: Floats) -> float:
    """Return the two-sided p-value of no difference.

    The difference of two AUCs, or R², over thousands of images is as good as normally distributed,
    so that its standard deviation over resamples says how improbable it is, however improbable
    (Efron and Tibshirani 1993, An Introduction to the Bootstrap, section 12.5).

    Args:
        difference: difference on the images themselves.
        resampled: (B,) the same in resamples of the images.

    Example:
        >>> import numpy as np
        >>> resampled = 0.002 + 0.001 * np.random.default_rng(0).standard_normal(2000)
        >>> round(p_of_difference(0.002, resampled), 2)  # two standard deviations
        0.05
    """
    spread = float(resampled.std(ddof=1))
    if spread == 0:
        return float(difference == 0)
    return float(2 * stats.norm.sf(abs(difference) / spread))


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Correct p-values for their number (Holm 1979, Scandinavian Journal of Statistics 6, 65).

    Args:
        p_values: p-values by what they are of.

    Example:
        >>> holm({"evolution": 0.01, "rl": 0.04, "ridge": 0.03})
        {'evolution': 0.03, 'rl': 0.06, 'ridge': 0.06}
    """
    corrected, least = {}, 0.0
    for rank, name in enumerate(sorted(p_values, key=lambda name: p_values[name])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[name]))
        corrected[name] = least
    return {name: corrected[name] for name in p_values}
