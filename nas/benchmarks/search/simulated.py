"""Searches on the lensing benchmark: many of each kind, without a training."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nas.benchmarks.funnel.searches import Funnel, Moment, moments, recommended_after
from nas.benchmarks.search.settings import RANDOM, SearchBenchmarkSettings
from nas.benchmarks.table.bench import LensBench
from nas.search.study import first_rung
from nas.training.bootstrap import Floats

_MORE = (2, 4)
"""How many times as many candidates random search gets, too."""
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
        averaged_auc: The same with answers averaged over the symmetries of the image.
        leader_auc: Test AUC of the best finalist, whatever it costs.
        by_chance: Test AUC of networks with similar FLOPs, their mean.
        minutes: Minutes of training, those of the finals among them.
        in_time: Test AUC of what is recommended after as many minutes as random search took.
    """

    strategy: str
    seed: int
    architecture: str
    test_auc: float
    averaged_auc: float
    leader_auc: float
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


@dataclass(frozen=True)
class OnTable:
    """All searches of a benchmark.

    Attributes:
        bench: The benchmark.
        strategies: What the searches of each strategy came to.
        more_by_chance: Test AUC (N,) and minutes (N,) of random searches with more candidates, by
            how many times as many they are.
    """

    bench: LensBench
    strategies: tuple[Simulated, ...]
    more_by_chance: Mapping[int, tuple[Floats, Floats]]


def search_table(
    bench: LensBench, settings: SearchBenchmarkSettings, advance: Callable[[int], None]
) -> OnTable:
    """Search the benchmark with each strategy.

    Args:
        bench: The benchmark, whole.
        settings: Settings of the proof.
        advance: Told of each of :func:`search_count` searches that is done.
    """
    # The minutes that all have are known when random search has had its candidates.
    random = _courses(bench, settings, RANDOM, 0.0, advance)
    seconds = float(np.mean([_end(course, settings).seconds for course in random]))
    found = []
    for strategy in settings.arms:
        courses = _courses(bench, settings, strategy, seconds, advance)
        rows = _searches(bench, settings, strategy, courses, seconds)
        found.append(Simulated(strategy, courses, tuple(rows)))
    more = {times: _more_by_chance(bench, settings, times, advance) for times in _MORE}
    return OnTable(bench, tuple(found), more)


def search_count(settings: SearchBenchmarkSettings) -> int:
    """Return the number of searches on the table."""
    return settings.simulated * (1 + len(settings.arms) + len(_MORE))


def _more_by_chance(
    bench: LensBench,
    settings: SearchBenchmarkSettings,
    times: int,
    advance: Callable[[int], None],
) -> tuple[Floats, Floats]:
    more = replace(settings, trials=times * settings.trials)
    courses = _courses(bench, more, RANDOM, 0.0, advance)
    last = [_end(course, more) for course in courses]
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
            averaged_auc=round(end.judged.averaged_auc, 6),
            leader_auc=round(bench.row(end.leader, end.judged.seed).test_auc, 6),
            by_chance=round(_of_similar_flops(bench, end), 6),
            minutes=round(end.seconds / 60, 2),
            in_time=round(recommended_after(course, seconds).judged.test_auc, 6),
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
