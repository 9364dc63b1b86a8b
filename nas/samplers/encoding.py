"""Architectures as rows of numbers, so that a predictor can compare them."""

import math
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution

from nas.samplers.space import Space
from nas.samplers.values import to_unit

Array = np.ndarray[Any, Any]


class Encoding:
    """Numbers keep their order, names do not.

    A gene of numbers is one column in [0, 1], choices among numbers by their order; a gene of names is one column for
    each choice, with √½ for the choice made. So the squared distance of two rows counts the genes in which they
    differ, numbers by the square of how far apart they are. Inactive genes stand half-way.

    Args:
        space: the space whose architectures are to be encoded.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self.distributions = dict(space.distributions())
        self._numbers: dict[str, tuple[int, BaseDistribution]] = {}
        self._choices: dict[str, Mapping[Any, tuple[int, float]]] = {}  # the column and the entry of each choice
        self._neutral: list[float] = []
        for name, distribution in self.distributions.items():
            column = len(self._neutral)
            if not isinstance(distribution, CategoricalDistribution):
                self._numbers[name] = column, distribution
                self._neutral.append(0.5)
            elif numbers := _as_numbers(distribution):
                last = max(len(numbers) - 1, 1)
                self._choices[name] = {choice: (column, i / last) for i, choice in enumerate(sorted(numbers))}
                self._neutral.append(0.5)
            else:
                self._choices[name] = {c: (column + i, math.sqrt(0.5)) for i, c in enumerate(distribution.choices)}
                self._neutral += [0.0] * len(distribution.choices)

    def row(self, architecture: Hashable) -> Array:
        """Shape (columns,)."""
        row = self._neutral.copy()
        params = self._space.to_params(architecture)
        for name in self._space.active_genes(architecture):
            if name in self._numbers:
                column, distribution = self._numbers[name]
                row[column] = to_unit(distribution, params[name])
            elif name in self._choices:
                column, entry = self._choices[name][params[name]]
                row[column] = entry
        return np.array(row)


def _as_numbers(distribution: CategoricalDistribution) -> list[float]:
    """The choices where all of them are numbers; nothing otherwise."""
    numbers = [choice for choice in distribution.choices if isinstance(choice, int | float)]
    return numbers if len(numbers) == len(distribution.choices) else []
