"""The base of our own samplers, whose proposals are functions of the study's history.

A proposal depends on the history, the seed and the trial's number, and on nothing else.
"""

import zlib
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.history import History, HistoryReader
from nas.samplers.space import Space
from nas.samplers.values import draw


class HistorySampler(BaseSampler):
    """A sampler without a state of its own: whoever has the study can go on with it.

    The first proposal that was never made before is taken. So an architecture is evaluated twice
    only when a strategy knows no other.

    Args:
        seed: Seed that makes a trial's random numbers, together with the trial's number.
        space: Space knowledge; None where the study's trials imply the space.
    """

    def __init__(self, seed: int, space: Space | None) -> None:
        self._seed = seed
        self._reader = HistoryReader(space)

    @abstractmethod
    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Yield one or more architectures worth evaluating, the best first."""

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return every known parameter; what a trial does not ask for is not used."""
        return dict(self._reader.distributions(study))

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters of the first new proposal."""
        if not search_space:
            return {}
        rng = self._generator(trial)
        history = self._reader.read(study, trial.number, search_space)
        space = history.space
        params: dict[str, Any] = {}
        for architecture in self.propose(history, rng):
            # Inactive genes of the architecture are drawn, for a study may ask for them all the
            # same.
            params = {**space.to_params(space.sample(rng)), **space.to_params(architecture)}
            if history.is_new(space.canonical(space.from_params(params))):
                break
        return {name: params[name] for name in search_space}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw a parameter that no finished trial had, at random."""
        return draw(param_distribution, self._generator(trial, param_name))

    def _generator(self, trial: FrozenTrial, parameter: str = "") -> np.random.Generator:
        return np.random.default_rng([self._seed, trial.number, zlib.crc32(parameter.encode())])
