"""Searches on the lensing benchmark: many of each kind, without a training."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from nas.benchmarks.funnel.searches import Funnel, Moment, moments, within
from nas.benchmarks.search.settings import RANDOM, SearchBenchmarkSettings
from nas.benchmarks.table.bench import LensBench
from nas.search.study import first_rung
from nas.training.bootstrap import Floats

_SIMILAR = 16
"""Networks of the most similar FLOPs, among which one is taken by chance."""


@dataclass(frozen=True, kw_only=True)
class SimulatedSearch:
    """One search on the table: a row of ``simulated.csv``.

    Attributes:
        strategy: The strategy.
        seed: Seed of the search.
        architecture: Line of the network that it recommended.
        test_auc: Test AUC of that network, of the training that the search did not see.
        first_auc: The same of the best finalist, whatever it costs.
        by_chance: The same of networks with similar FLOPs, their mean.
        minutes: Minutes of training, those of the finals among them.
        in_time: Test AUC of what is recommended after as many minutes as random search took.
    """

    strategy: str
    seed: int
    architecture: str
    test_auc: float
    first_auc: float
    by_chance: float
    minutes: float
    in_time: float


@dataclass(frozen=True)
class Simulated:
    """What the searches of one strategy came to.

    Attributes:
        strategy: The strategy.
        courses: What each search would have recommended after each of its candidates.
        searches: What each came to.
    """

    strategy: str
    courses: tuple[tuple[Moment, ...], ...]
    searches: tuple[SimulatedSearch, ...]

    def values(self, name: str) -> Floats:
        """Return a column of :class:`SimulatedSearch` (N,)."""
        return np.array([getattr(one, name) for one in self.searches], dtype=np.float64)


def search_table(
    bench: LensBench, settings: SearchBenchmarkSettings, advance: Callable[[int], None]
) -> list[Simulated]:
    """Search the benchmark with each strategy.

    Args:
        bench: The benchmark, whole.
        settings: Settings of the proof.
        advance: Told of each search that is done.

    Raises:
        UserError: There are too few seeds for finals.
    """
    random = _courses(bench, settings, RANDOM, 0.0, advance)
    seconds = float(np.mean([_end(course, settings).seconds for course in random]))
    found = []
    for strategy in settings.arms:
        courses = (
            random if strategy == RANDOM else _courses(bench, settings, strategy, seconds, advance)
        )
        rows = _searches(bench, settings, strategy, courses, seconds)
        found.append(Simulated(strategy, courses, tuple(rows)))
    return found


def more_by_chance(
    bench: LensBench, settings: SearchBenchmarkSettings, times: int
) -> tuple[Floats, Floats]:
    """Return test AUC (N,) and minutes (N,) of random searches with more candidates.

    Args:
        bench: The benchmark, whole.
        settings: Settings of the proof.
        times: How many times as many candidates they have.
    """
    funnel, last = Funnel(RANDOM, first_rung(bench.recipe), settings.finalists), []
    for seed in _seeds(settings):
        *_, end = islice(moments(bench, funnel, seed), times * settings.trials)
        last.append(end)
    return (
        np.array([end.judged.test_auc for end in last]),
        np.array([end.seconds / 60 for end in last]),
    )


def _seeds(settings: SearchBenchmarkSettings) -> range:
    return range(settings.first_seed, settings.first_seed + settings.simulated)


def _courses(
    bench: LensBench,
    settings: SearchBenchmarkSettings,
    strategy: str,
    seconds: float,
    advance: Callable[[int], None],
) -> tuple[tuple[Moment, ...], ...]:
    """Search until there are as many candidates as are asked for, and as many seconds."""
    funnel, courses = Funnel(strategy, first_rung(bench.recipe), settings.finalists), []
    for seed in _seeds(settings):
        course: list[Moment] = []
        for moment in moments(bench, funnel, seed):
            course.append(moment)
            if len(course) >= settings.trials and moment.seconds >= seconds:
                break
        courses.append(tuple(course))
        advance(1)
    return tuple(courses)


def _searches(
    bench: LensBench,
    settings: SearchBenchmarkSettings,
    strategy: str,
    courses: tuple[tuple[Moment, ...], ...],
    seconds: float,
) -> Iterator[SimulatedSearch]:
    for seed, course in zip(_seeds(settings), courses, strict=True):
        end = _end(course, settings)
        yield SimulatedSearch(
            strategy=strategy,
            seed=seed,
            architecture=str(end.network),
            test_auc=round(end.judged.test_auc, 6),
            first_auc=round(bench.row(end.first, end.judged.seed).test_auc, 6),
            by_chance=round(_of_similar_flops(bench, end), 6),
            minutes=round(end.seconds / 60, 2),
            in_time=round(within(course, seconds).judged.test_auc, 6),
        )


def _end(course: Sequence[Moment], settings: SearchBenchmarkSettings) -> Moment:
    """Return the last moment of a search, which all networks may end before its last candidate."""
    return course[: settings.trials][-1]


def _of_similar_flops(bench: LensBench, found: Moment) -> float:
    """Return the mean test AUC of other networks whose FLOPs are nearest to the found one's."""
    rows = [
        bench.row(network, found.judged.seed)
        for network in bench.networks
        if network != found.network
    ]
    rows.sort(key=lambda row: abs(np.log(row.flops / found.judged.flops)))
    return float(np.mean([row.test_auc for row in rows[:_SIMILAR]]))
