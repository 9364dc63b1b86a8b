"""Any sampler, whose proposals are brought within limits before anybody evaluates them."""

from typing import Any, Protocol

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.space import Space


class LimitedSpace(Space, Protocol):
    """Space knowledge that includes what is allowed."""

    def repair(self, architecture: Any, rng: np.random.Generator) -> Any:
        """The architecture itself if it is allowed, else one like it that is."""


class LimitedSampler(BaseSampler):
    """Repairs what another sampler proposes, so that no evaluation is spent on what is not allowed.

    Args:
        sampler: who proposes.
        space: says which architectures are allowed, and repairs the others.
        seed: with the number of a trial it makes the random numbers of its repair.
    """

    def __init__(self, sampler: BaseSampler, space: LimitedSpace, seed: int) -> None:
        self._sampler = sampler
        self._space = space
        self._seed = seed

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """All genes, since a repair can change any of them."""
        return dict(self._space.distributions())

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The other sampler's proposal, repaired where it must be; genes that are inactive stay as
        they were.
        """
        together = self._sampler.infer_relative_search_space(study, trial)
        params = dict(self._sampler.sample_relative(study, trial, together))
        for name, distribution in search_space.items():
            if name not in params:
                params[name] = self._sampler.sample_independent(study, trial, name, distribution)
        proposed = self._space.from_params(params)
        allowed = self._space.repair(proposed, np.random.default_rng([self._seed, trial.number]))
        active = set(self._space.active_genes(allowed))
        repaired = {
            name: choice
            for name, choice in self._space.to_params(allowed).items()
            if name in active
        }
        return {**params, **repaired}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Parameters that are no genes are the other sampler's business."""
        return self._sampler.sample_independent(study, trial, param_name, param_distribution)
