"""The values of one Optuna distribution as the unit interval, or as a few cells.

This holds for distributions of every kind.
"""

import math
from typing import Any

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

MUTATION = 0.2
"""Standard deviation of a number's mutation, as a fraction of its range."""

CELLS = 10
"""Largest number of cells into which a range of numbers is cut."""

_TRIES = 20
"""Number of mutants of a number that are tried before another value is drawn."""


def from_unit(distribution: BaseDistribution, unit: float) -> Any:
    """Return the value that stands at ``unit`` in [0, 1].

    Every value of a discrete distribution has a cell of its own.
    """
    if isinstance(distribution, CategoricalDistribution):
        count = len(distribution.choices)
        return distribution.choices[min(int(unit * count), count - 1)]
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high, margin = _ends(distribution)
    value = low - margin + unit * (high - low + 2 * margin)
    value = math.exp(value) if distribution.log else value
    if distribution.step is not None:
        steps = round((distribution.high - distribution.low) / distribution.step)
        value = distribution.low + min(
            max(round((value - distribution.low) / distribution.step), 0), steps
        ) * (distribution.step)
    value = min(max(value, distribution.low), distribution.high)
    return int(value) if isinstance(distribution, IntDistribution) else float(value)


def to_unit(distribution: BaseDistribution, value: Any) -> float:
    """Return where the value stands in [0, 1].

    A value outside of the range, as a changed range leaves some, stands at the nearer end.
    """
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.to_internal_repr(value) + 0.5) / len(distribution.choices)
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    low, high, margin = _ends(distribution)
    value = min(max(value, distribution.low), distribution.high)
    span = high - low + 2 * margin
    return (
        ((math.log(value) if distribution.log else value) - low + margin) / span
        if span > 0
        else 0.5
    )


def cells(distribution: BaseDistribution) -> int:
    """Return into how many cells the distribution is cut.

    Each value has a cell of its own where there are few.
    """
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    if distribution.step is None or distribution.log:
        return CELLS
    return min(round((distribution.high - distribution.low) / distribution.step) + 1, CELLS)


def cell_of(distribution: BaseDistribution, value: Any) -> int:
    """Return the index of the cell in which a value lies."""
    count = cells(distribution)
    return min(int(to_unit(distribution, value) * count), count - 1)


def draw(distribution: BaseDistribution, rng: np.random.Generator) -> Any:
    """Draw a value evenly, or evenly in the logarithm where the distribution says so."""
    return from_unit(distribution, rng.random())


def perturb(distribution: BaseDistribution, value: Any, rng: np.random.Generator) -> Any:
    """Return another value: any other choice of a category, or a nearby number."""
    if isinstance(distribution, CategoricalDistribution):
        others = [choice for choice in distribution.choices if choice != value]
        return others[int(rng.integers(len(others)))]
    unit = to_unit(distribution, value)
    for _ in range(_TRIES):
        # Steps are reflected at the ends, so that values near them are as likely as others.
        other = from_unit(
            distribution, 1 - abs(1 - abs(unit + MUTATION * rng.standard_normal()) % 2)
        )
        if other != value:
            return other
    return draw(distribution, rng)


def _ends(distribution: IntDistribution | FloatDistribution) -> tuple[float, float, float]:
    """Return both ends on the distribution's scale, and the margin beyond them.

    A discrete distribution has half a cell beyond its ends.
    """
    low, high = float(distribution.low), float(distribution.high)
    if distribution.log and isinstance(distribution, IntDistribution):
        return math.log(low - 0.5), math.log(high + 0.5), 0.0
    if distribution.log:
        return math.log(low), math.log(high), 0.0
    return low, high, 0.5 * (distribution.step or 0.0)
