"""Optuna's own samplers made functions of the history, as ours are: chance derives from the trial's
number.
"""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.base import HistorySampler
from nas.samplers.limited import LimitedSampler, LimitedSpace
from nas.samplers.registry import get_sampler


def get_repeatable_sampler(name: str, seed: int, space: LimitedSpace) -> BaseSampler:
    """The sampler of a strategy, such that a search that was killed proposes what an unbroken one
    would have.

    Args:
        name: see :func:`~nas.samplers.get_sampler`.
        seed: with the number of a trial it makes the trial's random numbers.
        space: what can be proposed.

    Raises:
        UserError: there is no such strategy.
    """
    sampler = get_sampler(name, seed, space)
    if not isinstance(sampler, HistorySampler):
        sampler = _Repeatable(lambda own: get_sampler(name, own, space), seed)
    return LimitedSampler(sampler, space, seed)


class _Repeatable(BaseSampler):
    """A new sampler for every question, so that none remembers anything but the history.

    Args:
        make: a sampler from its seed.
        seed: of the search.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._own(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._own(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        return self._own(trial, param_name).sample_independent(
            study, trial, param_name, param_distribution
        )

    def _own(self, trial: FrozenTrial, parameter: str = "") -> BaseSampler:
        """The sampler of one question."""
        generator = np.random.default_rng(
            [self._seed, trial.number, zlib.crc32(parameter.encode())]
        )
        return self._make(int(generator.integers(2**31)))
