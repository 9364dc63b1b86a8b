"""Searches on the lensing benchmark: many of each kind, without a training."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nas.benchmarks.funnel.searches import Funnel, Moment, moments
from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.benchmarks.table.bench import LensBench
from nas.training.bootstrap import Floats
from search_spaces import Architecture, EvenSampler, params

_FIRST_RUNG = 1


@dataclass(frozen=True, kw_only=True)
class SimulatedSearch:
    """One search on the table: a row of ``simulated.csv``.

    Attributes:
        strategy: The strategy.
        seed: Seed of the search.
        architecture: Line of the network that it recommended.
        test_auc: Test AUC of that network.
        by_chance: Test AUC of a random network of its size.
        minutes: Minutes of training, those of the finals among them.
    """

    strategy: str
    seed: int
    architecture: str
    test_auc: float
    by_chance: float
    minutes: float


@dataclass(frozen=True)
class Simulated:
    """What the searches of one strategy came to.

    Attributes:
        strategy: The strategy.
        courses: What each search would have recommended after each of its candidates.
        test_aucs: (N,) test AUC of the network that each search recommended at its end.
        by_chance: (N,) test AUC of a random network of that network's size.
    """

    strategy: str
    courses: tuple[tuple[Moment, ...], ...]
    test_aucs: Floats
    by_chance: Floats

    @property
    def minutes(self) -> Floats:
        """Minutes of training of each search (N,), those of its finals among them."""
        return np.array([course[-1].seconds / 60 for course in self.courses])

    def searches(self) -> Iterator[SimulatedSearch]:
        """Yield the rows of ``simulated.csv``."""
        for seed, course in enumerate(self.courses):
            yield SimulatedSearch(
                strategy=self.strategy,
                seed=seed,
                architecture=str(course[-1].network),
                test_auc=round(float(self.test_aucs[seed]), 6),
                by_chance=round(float(self.by_chance[seed]), 6),
                minutes=round(float(self.minutes[seed]), 2),
            )


def search_table(
    settings: SearchBenchmarkSettings, advance: Callable[[int], None]
) -> tuple[LensBench, list[Simulated]]:
    """Search the benchmark with each strategy.

    Args:
        settings: Settings of the proof.
        advance: Told of each search that is done.

    Raises:
        UserError: There is no table, or it is not whole.
    """
    bench = LensBench.read_whole(settings.table)
    return bench, [_simulated(bench, settings, strategy, advance) for strategy in settings.arms]


def _simulated(
    bench: LensBench,
    settings: SearchBenchmarkSettings,
    strategy: str,
    advance: Callable[[int], None],
) -> Simulated:
    funnel, courses, by_chance = Funnel(strategy, _FIRST_RUNG, settings.finalists), [], []
    sizes = EvenSampler(bench.space, params)
    for seed in range(settings.simulated):
        course = tuple(islice(moments(bench, funnel, seed), settings.trials))
        courses.append(course)
        by_chance.append(bench.test(_as_large(sizes, course[-1].network, seed)))
        advance(1)
    found = np.array([bench.test(course[-1].network) for course in courses])
    return Simulated(strategy, tuple(courses), found, np.array(by_chance))


def _as_large(sizes: EvenSampler, found: Architecture, seed: int) -> Architecture:
    return sizes.draw_near(params(found), np.random.default_rng([seed, 2]))
