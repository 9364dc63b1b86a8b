"""Optuna's own samplers made functions of the history, as ours are.

All chance derives from the seed and the trial's number.
"""

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, GridSampler, QMCSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.base import HistorySampler
from nas.samplers.limited import LimitedSampler, LimitedSpace
from nas.samplers.registry import get_sampler
from nas.samplers.wrapper import SamplerWrapper


def get_repeatable_sampler(name: str, seed: int, space: LimitedSpace) -> BaseSampler:
    """Return a strategy's sampler, with which a search that was killed goes on as if it had not.

    Args:
        name: Name of the strategy, see :func:`~nas.samplers.get_sampler`.
        seed: Seed that makes a trial's random numbers, together with the trial's number.
        space: What can be proposed, and what is allowed.

    Raises:
        UserError: There is no such strategy.

    Example:
        Two samplers that never saw each other propose the same:

        >>> import optuna
        >>> from nas.samplers.repeatable import get_repeatable_sampler
        >>> from search_spaces import Gene, SearchSpace
        >>> class Unlimited(SearchSpace):
        ...     "A space in which everything is allowed."
        ...     def repair(self, architecture, rng):
        ...         return architecture
        >>> space = Unlimited("plain", [Gene(f"gene{i}", (1, 2, 3, 4)) for i in range(9)])
        >>> def proposal():
        ...     sampler = get_repeatable_sampler("random", 0, space)
        ...     study = optuna.create_study(sampler=sampler)
        ...     return study.ask(dict(space.distributions())).params
        >>> proposal() == proposal()
        True
    """
    sampler = get_sampler(name, seed, space)
    if not isinstance(sampler, HistorySampler):
        sampler = _Repeatable(lambda own: get_sampler(name, own, space), seed)
    return LimitedSampler(sampler, space, seed)


class _Repeatable(SamplerWrapper):
    """A new sampler for every question, so that none remembers anything but the history.

    What a sampler notes in the study or in its trials is part of the history.

    Args:
        make: Makes a sampler from its seed.
        seed: Seed of the search.
    """

    def __init__(self, make: Callable[[int], BaseSampler], seed: int) -> None:
        self._make = make
        self._seed = seed
        sampler = make(seed)
        self._grid = isinstance(sampler, GridSampler)
        self._sequence = isinstance(sampler, QMCSampler)

    def answering(self, trial: FrozenTrial, parameter: str = "") -> BaseSampler:
        """Return the sampler of one question."""
        # A grid or a quasi-random sequence is laid out by its seed, and the history says which of
        # its points come next: other seeds would be other points. Parameters outside of a sequence
        # are random.
        if self._grid or (self._sequence and not parameter):
            return self._make(self._seed)
        generator = np.random.default_rng(
            [self._seed, trial.number, zlib.crc32(parameter.encode())]
        )
        return self._make(int(generator.integers(2**31)))

    def reseed_rng(self) -> None:
        """Do nothing: no sampler lives on, and trials in other threads have other numbers."""

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters that a new sampler proposes together."""
        sampler = self.answering(trial)
        # Some samplers need what they found when they inferred the space, as TPE in groups does.
        sampler.infer_relative_search_space(study, trial)
        return sampler.sample_relative(study, trial, search_space)
