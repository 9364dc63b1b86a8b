"""Problems on which samplers are measured: noisy readings for them, and the truth for us."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from optuna.study import StudyDirection

from nas.benchmarks.samplers.landscapes import Landscape
from nas.common.artefacts import DamageError, checked, read_json
from nas.common.errors import UserError
from search_spaces.architecture import Architecture
from search_spaces.space import SearchSpace
from search_spaces.tabular import TabularSpace, nas_bench_macro

Judge = Callable[[Architecture, tuple[float, ...]], float]
"""A function that is told every evaluation of a run and says how good the run is so far."""

REFERENCE_ACCURACY = 85.0
"""Accuracy of the hypervolume's reference point, in percent.

The reference point's parameters are those of the largest network.
"""

_FLOOR_DRAWS = 2000
"""Number of times that a search which reads every network once is drawn."""


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


@dataclass(frozen=True)
class _Entry:
    """What the table says of a network."""

    test_acc: tuple[float, float, float]
    mean_acc: float
    params: float


class BenchmarkTable:
    """NAS-Bench-Macro's public file.

    It holds accuracies of three trainings, in percent, and parameters of every code.

    Args:
        path: The file.

    Raises:
        UserError: The file is not NAS-Bench-Macro's table.
    """

    def __init__(self, path: Path) -> None:
        self.space: TabularSpace = nas_bench_macro()
        try:
            self._entries = checked(dict[str, _Entry], read_json(path))
            if missing := {*map(self.space.code, self.space)} - self._entries.keys():
                raise DamageError(f"no network {min(missing)}")
        except (OSError, DamageError) as error:
            raise UserError(
                f"{path} is not NAS-Bench-Macro's table: give its nas-bench-macro_cifar10.json "
                f"({error})."
            ) from error
        entries = self._entries.values()
        self.best = max(entry.mean_acc for entry in entries)
        self.most_params = max(entry.params for entry in entries)
        self.volume = hypervolume(
            [(entry.mean_acc, entry.params) for entry in entries], self.most_params
        )

    def reading(self, architecture: Architecture, rng: np.random.Generator) -> float:
        """Return the accuracy of one of the three trainings, drawn at random."""
        accuracies = self._entry(architecture).test_acc
        return float(accuracies[int(rng.integers(len(accuracies)))])

    def mean(self, architecture: Architecture) -> float:
        """Return the mean accuracy of the three trainings."""
        return self._entry(architecture).mean_acc

    def params(self, architecture: Architecture) -> float:
        """Return the number of parameters."""
        return self._entry(architecture).params

    def floor(self) -> tuple[float, float]:
        """Return median and mean regret once every network was read.

        This is what luck in the readings leaves to the best sampler.
        """
        readings, means = (
            np.array([getattr(self._entry(network), name) for network in self.space])
            for name in ("test_acc", "mean_acc")
        )
        rng, networks = np.random.default_rng(0), np.arange(len(means))
        drawn = (rng.integers(readings.shape[1], size=len(means)) for _ in range(_FLOOR_DRAWS))
        regrets = [self.best - means[readings[networks, seeds].argmax()] for seeds in drawn]
        return float(np.median(regrets)), float(np.mean(regrets))

    def _entry(self, architecture: Architecture) -> _Entry:
        return self._entries[self.space.code(architecture)]


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


def hypervolume(points: list[tuple[float, float]], most_params: float) -> float:
    """Return the area that is dominated by points of accuracy (up) and parameters (down).

    Args:
        points: Pairs of an accuracy in percent and a number of parameters.
        most_params: Parameters of the reference point.

    Example:
        >>> from nas.benchmarks.samplers.problems import hypervolume
        >>> hypervolume([(90.0, 1.0), (95.0, 3.0)], most_params=5.0)
        30.0
    """
    area, best = 0.0, REFERENCE_ACCURACY
    for accuracy, params in sorted(points, key=lambda point: (point[1], -point[0])):
        if accuracy > best:
            area += (accuracy - best) * (most_params - params)
            best = accuracy
    return area


def _incumbent(figure: Callable[[Architecture], float]) -> Judge:
    best: tuple[float, float] | None = None

    def judge(architecture: Architecture, values: tuple[float, ...]) -> float:
        nonlocal best
        if best is None or values[0] > best[0]:
            best = values[0], figure(architecture)
        return best[1]

    return judge
