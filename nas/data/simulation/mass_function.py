"""The subhalo mass function, a power law dN/dm ∝ m^slope between two masses."""

import math

import numpy as np
from numpy.typing import NDArray


def masses_at(
    quantiles: NDArray[np.float64], slope: float, low: float, high: float
) -> NDArray[np.float64]:
    """Masses at quantiles of the mass function (public code, ``draw_old_cdm_sub_masses``).

    Args:
        quantiles: from 0 to 1, shape (n,).
        slope: exponent of dN/dm.
        low: smallest mass.
        high: largest mass.

    Returns:
        In the unit of the limits, shape (n,).
    """
    power = slope + 1
    if power == 0:
        return np.asarray(low * (high / low) ** quantiles)
    return np.asarray((low**power + (high**power - low**power) * quantiles) ** (1 / power))


def mean_mass(slope: float, low: float, high: float) -> float:
    """Mean of the mass function, in the unit of its limits."""

    def moment(order: int) -> float:
        """∫ m^(order + slope) dm."""
        power = slope + 1 + order
        return math.log(high / low) if power == 0 else float(high**power - low**power) / power

    return low if low == high else moment(1) / moment(0)
