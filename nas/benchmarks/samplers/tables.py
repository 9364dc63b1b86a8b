"""Tables of trained networks, on which a search needs no training."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nas.benchmarks.table.bench import LensBench
from nas.common.artefacts import DamageError, checked, read_json
from nas.common.errors import UserError
from search_spaces.architecture import Architecture
from search_spaces.space import SearchSpace
from search_spaces.tabular import TabularSpace, nas_bench_macro

REFERENCE_ACCURACY = 85.0
"""Accuracy of the hypervolume's reference point, in percent.

The reference point's parameters are those of the largest network.
"""

_FLOOR_DRAWS = 2000
"""Number of times that a search which reads every network once is drawn."""


class BenchmarkTable(ABC):
    """The networks of a space, each trained several times.

    Attributes:
        space: Space of the networks.
    """

    space: SearchSpace

    @abstractmethod
    def readings(self, architecture: Architecture) -> Sequence[float]:
        """Return what a search may be told of a network, one for each training, in percent."""

    @abstractmethod
    def mean(self, architecture: Architecture) -> float:
        """Return how good a network is, the mean over its trainings, in percent."""

    @abstractmethod
    def params(self, architecture: Architecture) -> float:
        """Return the number of parameters."""

    def reading(self, architecture: Architecture, rng: np.random.Generator) -> float:
        """Return the reading of one of the trainings, drawn at random."""
        readings = self.readings(architecture)
        return float(readings[int(rng.integers(len(readings)))])

    @cached_property
    def best(self) -> float:
        """How good the best network is."""
        return max(map(self.mean, self.space))

    @cached_property
    def most_params(self) -> float:
        """Parameters of the largest network."""
        return max(map(self.params, self.space))

    @cached_property
    def volume(self) -> float:
        """The hypervolume of all networks."""
        points = [(self.mean(network), self.params(network)) for network in self.space]
        return hypervolume(points, self.most_params)

    def floor(self) -> tuple[float, float]:
        """Return median and mean regret once every network was read.

        This is what luck in the readings leaves to the best sampler.
        """
        readings = np.array([self.readings(network) for network in self.space])
        means = np.array([self.mean(network) for network in self.space])
        rng, networks = np.random.default_rng(0), np.arange(len(means))
        drawn = (rng.integers(readings.shape[1], size=len(means)) for _ in range(_FLOOR_DRAWS))
        regrets = [self.best - means[readings[networks, seeds].argmax()] for seeds in drawn]
        return float(np.median(regrets)), float(np.mean(regrets))


@dataclass(frozen=True)
class _Entry:
    """What the table of NAS-Bench-Macro says of a network."""

    test_acc: tuple[float, float, float]
    mean_acc: float
    params: float


class MacroTable(BenchmarkTable):
    """NAS-Bench-Macro's public file.

    It holds test accuracies of three trainings, and parameters of every code.

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

    def readings(self, architecture: Architecture) -> Sequence[float]:
        """Return the accuracies of the three trainings."""
        return self._entry(architecture).test_acc

    def mean(self, architecture: Architecture) -> float:
        """Return the mean accuracy of the three trainings."""
        return self._entry(architecture).mean_acc

    def params(self, architecture: Architecture) -> float:
        """Return the number of parameters."""
        return self._entry(architecture).params

    def _entry(self, architecture: Architecture) -> _Entry:
        return self._entries[self.space.code(architecture)]


class LensTable(BenchmarkTable):
    """The lensing benchmark (``nas.benchmarks.table``): AUC in percent.

    A search is told validation AUCs; how good a network is, test images say.

    Args:
        path: The file.

    Raises:
        UserError: The file is not that of the lensing benchmark, or lacks networks of its space.
    """

    def __init__(self, path: Path) -> None:
        self._bench = LensBench.read(path)
        self.space = self._bench.space
        missing = len(self.space) - len(self._bench.networks)
        if missing:
            raise UserError(
                f"{path} lacks {missing} networks of {self.space.name} that every seed trained: "
                "let python -m nas.benchmarks.table train them"
            )

    def readings(self, architecture: Architecture) -> Sequence[float]:
        """Return the validation AUC of each training."""
        return [100 * self._bench.val(architecture, seed) for seed in self._bench.seeds]

    def mean(self, architecture: Architecture) -> float:
        """Return the mean test AUC of the trainings."""
        return 100 * self._bench.test(architecture)

    def params(self, architecture: Architecture) -> float:
        """Return the number of parameters."""
        return self._bench.row(architecture, self._bench.seeds[0]).params


def open_table(path: Path) -> BenchmarkTable:
    """Return the table of a file: the lensing benchmark's is Parquet, NAS-Bench-Macro's is JSON.

    Raises:
        UserError: The file is neither.
    """
    return LensTable(path) if is_lens_table(path) else MacroTable(path)


def is_lens_table(path: Path) -> bool:
    """Return whether a file is that of the lensing benchmark, by its name."""
    return path.suffix == ".parquet"


def hypervolume(points: list[tuple[float, float]], most_params: float) -> float:
    """Return the area that is dominated by points of accuracy (up) and parameters (down).

    Args:
        points: Pairs of an accuracy in percent and a number of parameters.
        most_params: Parameters of the reference point.

    Example:
        >>> from nas.benchmarks.samplers.tables import hypervolume
        >>> hypervolume([(90.0, 1.0), (95.0, 3.0)], most_params=5.0)
        30.0
    """
    area, best = 0.0, REFERENCE_ACCURACY
    for accuracy, params in sorted(points, key=lambda point: (point[1], -point[0])):
        if accuracy > best:
            area += (accuracy - best) * (most_params - params)
            best = accuracy
    return area
