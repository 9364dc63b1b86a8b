"""The mass function of subhalos, which is a power law dN/dm ∝ m^slope between two masses."""

import math

import numpy as np
from numpy.typing import NDArray


def masses_at(
    quantiles: NDArray[np.float64], slope: float, low: float, high: float
) -> NDArray[np.float64]:
    """Return the masses at quantiles of the mass function.

    The same is done by ``draw_old_cdm_sub_masses`` of the public code.

    Args:
        quantiles: quantiles from 0 to 1, shape (n,).
        slope: exponent of dN/dm.
        low: smallest mass.
        high: largest mass.

    Returns:
        Masses in the unit of ``low`` and ``high``, shape (n,).
    """
    power = slope + 1
    if power == 0:
        return np.asarray(low * (high / low) ** quantiles)
    return np.asarray((low**power + (high**power - low**power) * quantiles) ** (1 / power))


def mean_mass(slope: float, low: float, high: float) -> float:
    """Return the mean mass of the mass function, in the unit of ``low`` and ``high``."""

    def moment(order: int) -> float:
        """Return ∫ m^(order + slope) dm."""
        power = slope + 1 + order
        return math.log(high / low) if power == 0 else float(high**power - low**power) / power

    return low if low == high else moment(1) / moment(0)
