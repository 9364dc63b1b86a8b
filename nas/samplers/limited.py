"""Any sampler, whose proposals are brought within limits before anybody evaluates them."""

import copy
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.samplers.space import Space
from nas.samplers.values import from_unit
from nas.samplers.wrapper import SamplerWrapper


class LimitedSpace(Space, Protocol):
    """Space knowledge that includes what is allowed."""

    def repair(self, architecture: Any, rng: np.random.Generator) -> Any:
        """Return the architecture if it is allowed, else one like it that is."""


class LimitedSampler(SamplerWrapper):
    """Repairs what another sampler proposes, so that no evaluation is spent on what is not allowed.

    The other sampler may be any of Optuna's: it is asked all that a study would ask it. What it
    notes of a trial, such as the grid point of :class:`optuna.samplers.GridSampler`, stands for the
    proposal, whatever the repair made of it.

    Args:
        sampler: The sampler that proposes.
        space: Says which architectures are allowed, and repairs the others.
        seed: Seed that makes the random numbers of a repair, together with the trial's number.

    Example:
        >>> import optuna
        >>> from nas.samplers.limited import LimitedSampler
        >>> from search_spaces import Gene, SearchSpace
        >>> class Narrow(SearchSpace):
        ...     "A space in which 64 channels are too many."
        ...     def repair(self, architecture, rng):
        ...         width = min(architecture["width"], 32)
        ...         return self.from_params({**self.to_params(architecture), "width": width})
        >>> space = Narrow("narrow", [Gene("width", (16, 32, 64)), Gene("kernel", (3, 5))])
        >>> sampler = LimitedSampler(optuna.samplers.RandomSampler(seed=0), space, seed=0)
        >>> study = optuna.create_study(sampler=sampler)
        >>> proposals = [study.ask(dict(space.distributions())).params for _ in range(20)]
        >>> sorted({params["width"] for params in proposals})
        [16, 32]
    """

    def __init__(self, sampler: BaseSampler, space: LimitedSpace, seed: int) -> None:
        self._sampler = sampler
        self._space = space
        self._seed = seed

    def answering(self, trial: FrozenTrial, parameter: str = "") -> BaseSampler:
        """Return the sampler that proposes."""
        return self._sampler

    def reseed_rng(self) -> None:
        """Give the other sampler random numbers of its own, in a thread of its own."""
        self._sampler.reseed_rng()

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return all genes, since a repair can change any of them, and what else is inferred."""
        inferred = self._sampler.infer_relative_search_space(study, trial)
        return {**inferred, **self._space.distributions()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the other sampler's proposal, repaired where it must be.

        Genes that are inactive stay as they were proposed.
        """
        inferred = self._sampler.infer_relative_search_space(study, trial)
        asked = {name: inferred[name] for name in inferred if name in search_space}
        together = self._sampler.sample_relative(study, trial, asked)
        params = self._complete(study, trial, together)
        proposed = self._space.from_params(params)
        allowed = self._space.repair(proposed, np.random.default_rng([self._seed, trial.number]))
        active = set(self._space.active_genes(allowed))
        repaired = {
            name: choice
            for name, choice in self._space.to_params(allowed).items()
            if name in active
        }
        answer = {**together, **params, **repaired}
        return {name: answer[name] for name in search_space if name in answer}

    def _complete(
        self, study: Study, trial: FrozenTrial, together: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return every gene, of which those that were not proposed together are asked one by one.

        This is what a trial does when it is asked for all genes: each question shows the sampler
        what was answered before, and a gene with one choice needs no question.
        """
        genes = self._space.distributions()
        current = copy.copy(_latest(study, trial))
        params: dict[str, Any] = {}
        for name, distribution in genes.items():
            if name in together:
                params[name] = together[name]
            elif distribution.single():
                params[name] = from_unit(distribution, 0.5)
            else:
                current.params = {**params}
                current.distributions = {known: genes[known] for known in params}
                params[name] = self._sampler.sample_independent(study, current, name, distribution)
        return params


def _latest(study: Study, trial: FrozenTrial) -> FrozenTrial:
    """Return the trial as the study has it now.

    A trial that is about to be sampled was read before ``before_trial``, and lacks what the sampler
    noted there.
    """
    trials = reversed(study.get_trials(deepcopy=False))
    return next((known for known in trials if known.number == trial.number), trial)
