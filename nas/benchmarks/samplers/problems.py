"""Problems on which samplers are measured: noisy readings for them, and the truth for us."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np
from optuna.study import StudyDirection

from nas.benchmarks.samplers.landscapes import Landscape
from nas.benchmarks.samplers.tables import BenchmarkTable, hypervolume
from search_spaces.architecture import Architecture
from search_spaces.space import SearchSpace

Judge = Callable[[Architecture, tuple[float, ...]], float]
"""A function that is told every evaluation of a run and says how good the run is so far."""


class Problem(ABC):
    """One thing to search.

    Attributes:
        space: Space of what may be proposed.
        directions: Directions of the objectives, as Optuna says them.
        better: Whether the judged figure should be ``lower`` or ``higher``.
    """

    space: SearchSpace
    directions: tuple[StudyDirection, ...] = (StudyDirection.MAXIMIZE,)
    better: str = "higher"

    @abstractmethod
    def read(self, architecture: Architecture, rng: np.random.Generator) -> tuple[float, ...]:
        """Return the values of one evaluation, one for each objective."""

    @abstractmethod
    def judge(self) -> Judge:
        """Return a judge for one run."""

    def floor(self) -> tuple[float, float] | None:
        """Return median and mean of the figure once everything was evaluated once.

        None where noise does not leave them short of perfect.
        """
        return None


class Synthetic(Problem):
    """A landscape, whose figure is the true value of the architecture with the best reading."""

    def __init__(self, landscape: Landscape) -> None:
        self.space, self._landscape = landscape.space, landscape

    def read(self, architecture: Architecture, rng: np.random.Generator) -> tuple[float, ...]:
        """Return one noisy value."""
        return (self._landscape.reading(architecture, rng),)

    def judge(self) -> Judge:
        """Return a judge that tells the incumbent's true value."""
        return _incumbent(self._landscape.truth)


class Accuracy(Problem):
    """Accuracy as the one objective, on a table.

    The figure is the regret of the architecture with the best reading, by its mean accuracy.
    """

    better = "lower"

    def __init__(self, table: BenchmarkTable) -> None:
        self.space, self._table = table.space, table

    def read(self, architecture: Architecture, rng: np.random.Generator) -> tuple[float, ...]:
        """Return one training's accuracy."""
        return (self._table.reading(architecture, rng),)

    def floor(self) -> tuple[float, float]:
        """Return the regret that luck in the readings leaves to the best of samplers."""
        return self._table.floor()

    def judge(self) -> Judge:
        """Return a judge that tells the incumbent's regret."""
        return _incumbent(lambda architecture: self._table.best - self._table.mean(architecture))


class AccuracyAndParams(Problem):
    """Accuracy and parameters as two objectives, on a table.

    The figure is the hypervolume of all that was evaluated, as a fraction of the whole table's.
    """

    directions = (StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE)

    def __init__(self, table: BenchmarkTable) -> None:
        self.space, self._table = table.space, table

    def read(self, architecture: Architecture, rng: np.random.Generator) -> tuple[float, ...]:
        """Return one training's accuracy, and the parameters."""
        return self._table.reading(architecture, rng), self._table.params(architecture)

    def judge(self) -> Judge:
        """Return a judge that tells the hypervolume of the run's architectures."""
        archive: list[tuple[float, float]] = []

        def judge(architecture: Architecture, values: tuple[float, ...]) -> float:
            archive.append((self._table.mean(architecture), values[1]))
            return hypervolume(archive, self._table.most_params) / self._table.volume

        return judge


def _incumbent(figure: Callable[[Architecture], float]) -> Judge:
    best: tuple[float, float] | None = None

    def judge(architecture: Architecture, values: tuple[float, ...]) -> float:
        nonlocal best
        if best is None or values[0] > best[0]:
            best = values[0], figure(architecture)
        return best[1]

    return judge
