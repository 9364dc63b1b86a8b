"""Evolution: aging or non-dominated parents, and offspring that a predictor has screened."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any

import numpy as np

from nas.samplers.base import HistorySampler
from nas.samplers.encoding import Encoding
from nas.samplers.history import History, Record
from nas.samplers.predictor import Predictor
from nas.samplers.ranking import best_first, expected_gain, normal_scores, ranks
from nas.samplers.space import Space

Array = np.ndarray[Any, Any]

_WARMUP = 10
"""How many random trials come first."""
_POPULATION = 50
_TOURNAMENT = 10
_OFFSPRING = 50
_OFFSPRING_PER_GENE = 6
"""How many new children are screened for one trial: more where architectures have more
neighbours."""
_MEMORY = 400
"""On how many trials the predictor is fitted: the best half and the latest half."""
_DRAWS = 100
"""How many random architectures are tried where no child is new."""


class EvolutionSampler(HistorySampler):
    """Aging evolution (Real et al. 2019) whose offspring is screened by a predictor fitted on the
    history.

    After a few random trials: parents are the winners of tournaments among the last trials that
    finished (with several objectives: among the best fronts, by front and crowding, as NSGA-II
    does), children are crossed and mutated on active genes, and of many children that were never
    proposed before the most promising is evaluated.

    Args:
        seed: with the number of a trial it makes the trial's random numbers.
        space: space knowledge: which genes are active, and which architectures are the same.
        predictor: whether children are screened; without it the first child is taken, which is
            plain evolution.
        crossover: how often a child has two parents.
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
        self._encoded: tuple[Encoding, dict[Record, Array]] | None = None

    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Children of the population, the most promising first, then random architectures."""
        if len(history.evaluated) >= _WARMUP:
            rank = ranks([record.standing for record in history.evaluated])
            children = self._children(history, rank, rng)
            yield from (
                self._screen(history, rank, children, rng)
                if self._predictor and children
                else children
            )
        for _ in range(_DRAWS):
            yield history.space.sample(rng)

    def _children(self, history: History, rank: Array, rng: np.random.Generator) -> list[Hashable]:
        """New children, each in its canonical form and only once."""
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

    def _screen(
        self, history: History, rank: Array, children: Sequence[Hashable], rng: np.random.Generator
    ) -> list[Hashable]:
        """The children, the most promising first."""
        recent = np.arange(len(rank))[-_MEMORY // 2 :]
        kept = [history.evaluated[i] for i in np.union1d(best_first(rank, _MEMORY // 2), recent)]
        rows, candidates = self._encode(history.space, kept, children)
        scores = normal_scores(ranks([record.standing for record in kept]))
        predictors = [Predictor(rows, column) for column in scores.T]
        predicted = np.array([predictor.predict(candidates) for predictor in predictors])
        means, deviations = predicted[:, 0].T, predicted[:, 1].T
        known = np.stack([predictor.smoothed for predictor in predictors], axis=1)
        gain = expected_gain(means, deviations, known, rng)
        # Where no draw promises a gain, the predicted mean decides.
        return [children[i] for i in np.lexsort((-means.sum(axis=1), -gain))]

    def _encode(
        self, space: Space, kept: Sequence[Record], children: Sequence[Hashable]
    ) -> tuple[Array, Array]:
        """Rows of trials, each encoded once in its life as long as the space stays the same, and of
        children.
        """
        encoding, rows = self._encoded or (Encoding(space), {})
        if encoding.distributions != space.distributions():
            encoding, rows = Encoding(space), {}
        self._encoded = encoding, rows
        for record in kept:
            if record not in rows:
                rows[record] = encoding.row(record.architecture)
        return np.stack([rows[record] for record in kept]), np.stack(
            [encoding.row(child) for child in children]
        )


def _select(rank: Array, n: int, rng: np.random.Generator) -> Array:
    """Pairs of parents, shape (n, 2): winners of tournaments."""
    if rank.shape[1] == 1:
        population = np.arange(len(rank))[-_POPULATION:]
        fitness, size = rank[population, 0], _TOURNAMENT
    else:
        population = best_first(rank, _POPULATION)
        fitness, size = np.arange(len(population)), 2
    entrants = rng.integers(len(population), size=(n, 2, size))
    winners = fitness[entrants].argmin(axis=2, keepdims=True)
    return np.asarray(population[np.take_along_axis(entrants, winners, axis=2)[..., 0]])
