"""Evolution from aging or non-dominated parents, whose offspring a predictor has screened."""

from collections.abc import Hashable, Iterator
from typing import Any

import numpy as np

from nas.samplers.arrays import Array
from nas.samplers.base import HistorySampler
from nas.samplers.history import History
from nas.samplers.ranking import best_first, ranks
from nas.samplers.screening import WARMUP, Screening
from nas.samplers.space import Space

_POPULATION = 50
"""Number of trials among which parents are found."""
_TOURNAMENT = 10
"""Number of trials of which the best becomes a parent, with one objective."""
_OFFSPRING = 50
"""Least number of new children that are screened for one trial."""
_OFFSPRING_PER_GENE = 6
"""New children for each active gene: more where architectures have more neighbours."""
_DRAWS = 100
"""Number of random architectures that are tried where no child is new."""


class EvolutionSampler(HistorySampler):
    """Aging evolution (Real et al. 2019) whose children a predictor of the history screens.

    The first trials are random. After them parents are the winners of tournaments among the last
    trials that finished. With several objectives they are found among the best fronts, by front and
    crowding, as NSGA-II does. Children are crossed and mutated on active genes, and of many
    children that were never proposed before the most promising is evaluated.

    Args:
        seed: Seed that makes a trial's random numbers, together with the trial's number.
        space: Space knowledge: which genes are active, and which architectures are the same. None
            where the study's trials imply the space.
        predictor: Whether children are screened; without it the first child is taken, which is
            plain evolution.
        crossover: Share of the children that have two parents.

    Example:
        >>> import optuna
        >>> from nas.samplers import EvolutionSampler
        >>> def score(trial):
        ...     depth = trial.suggest_int("depth", 1, 10)
        ...     kernel = trial.suggest_categorical("kernel", [3, 5, 7])
        ...     return depth - 2 * abs(kernel - 5)
        >>> study = optuna.create_study(direction="maximize", sampler=EvolutionSampler(seed=0))
        >>> study.optimize(score, n_trials=25)
        >>> study.best_params
        {'depth': 10, 'kernel': 5}
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        space: Space | None = None,
        predictor: bool = True,
        crossover: float = 0.5,
    ) -> None:
        super().__init__(seed, space)
        self._predictor = predictor
        self._crossover = crossover
        self._screening = Screening()

    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Yield children of the population, the most promising first, then random architectures."""
        if len(history.evaluated) >= WARMUP:
            rank = ranks([record.standing for record in history.evaluated])
            children = self._children(history, rank, rng)
            yield from (
                self._screening.order(history, rank, children, rng)
                if self._predictor and children
                else children
            )
        for _ in range(_DRAWS):
            yield history.space.sample(rng)

    def _children(self, history: History, rank: Array, rng: np.random.Generator) -> list[Hashable]:
        """Return new children, each in its canonical form and only once."""
        space, best = history.space, history.evaluated[best_first(rank, 1)[0]].architecture
        enough = max(_OFFSPRING, _OFFSPRING_PER_GENE * len(list(space.active_genes(best))))
        wanted = enough if self._predictor else 1
        parents = [
            [history.evaluated[i].architecture for i in pair]
            for pair in _select(rank, 2 * enough, rng)
        ]
        children: dict[Hashable, None] = {}
        for first, second in parents:
            child = space.crossover(first, second, rng) if rng.random() < self._crossover else first
            child = space.canonical(space.mutate(child, rng))
            if history.is_new(child):
                children[child] = None
            if len(children) == wanted:
                break
        return list(children)


def _select(rank: Array, n: int, rng: np.random.Generator) -> Array:
    """Return pairs of parents, which are winners of tournaments, shape (n, 2)."""
    if rank.shape[1] == 1:
        population = np.arange(len(rank))[-_POPULATION:]
        fitness, size = rank[population, 0], _TOURNAMENT
    else:
        population = best_first(rank, _POPULATION)
        fitness, size = np.arange(len(population)), 2
    entrants = rng.integers(len(population), size=(n, 2, size))
    winners = fitness[entrants].argmin(axis=2, keepdims=True)
    return np.asarray(population[np.take_along_axis(entrants, winners, axis=2)[..., 0]])
