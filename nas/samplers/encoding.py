"""Architectures as rows of numbers, so that a predictor can compare them."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from nas.samplers.arrays import Array
from nas.samplers.space import Space
from nas.samplers.values import to_unit


class Encoding:
    """Rows of numbers whose squared distance counts the genes in which two architectures differ.

    Ranges of numbers count by the square of how far apart two values are. Choices among names count
    one where they differ. Choices among numbers are a bit of both, half as names and half as
    numbers: 3, 5 and 7 have an order, but what is true of 3 and of 7 need not be true of 5.
    Inactive genes stand half-way.

    Args:
        space: The space whose architectures are to be encoded.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self.distributions = dict(space.distributions())
        self._columns: dict[str, slice] = {}
        self._entries: dict[str, Mapping[Any, list[float]]] = {}
        """The entries of each choice, by the gene's name."""
        self._neutral: list[float] = []
        for name, distribution in self.distributions.items():
            neutral = [0.5]
            if isinstance(distribution, CategoricalDistribution):
                self._entries[name], neutral = _choices(distribution)
            self._columns[name] = slice(len(self._neutral), len(self._neutral) + len(neutral))
            self._neutral += neutral

    def row(self, architecture: Hashable) -> Array:
        """Return the architecture as a row of numbers, shape (columns,)."""
        row = self._neutral.copy()
        params = self._space.to_params(architecture)
        for name in self._space.active_genes(architecture):
            if name in self._entries:
                row[self._columns[name]] = self._entries[name][params[name]]
            elif name in self._columns:
                row[self._columns[name]] = [to_unit(self.distributions[name], params[name])]
        return np.array(row)


def _choices(distribution: CategoricalDistribution) -> tuple[dict[Any, list[float]], list[float]]:
    """Return the entries of each choice, and the entries of an inactive gene."""
    choices, n = distribution.choices, len(distribution.choices)
    numbers = sorted(choice for choice in choices if isinstance(choice, int | float))
    ordered = len(numbers) == n > 1
    name, number = (math.sqrt(0.25), math.sqrt(0.5)) if ordered else (math.sqrt(0.5), 0.0)
    entries = {choice: [name * (i == j) for j in range(n)] for i, choice in enumerate(choices)}
    if ordered:
        for place, choice in enumerate(numbers):
            entries[choice].append(number * place / (n - 1))
    return entries, [0.0] * n + [number / 2] * ordered
