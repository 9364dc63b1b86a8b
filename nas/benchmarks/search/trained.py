"""Searches from end to end: each is followed by trainings to convergence, and test images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from nas.benchmarks.funnel.searches import chance
from nas.benchmarks.rows import read_lines, write_lines
from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.common.progress import say
from nas.common.provenance import environment
from nas.common.rules import Count
from nas.data.dataset import open_dataset
from nas.data.default import default_data
from nas.retrain.command import retrain_architectures
from nas.retrain.settings import RetrainSettings
from nas.search.command import search_networks
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, resumed
from nas.search.winners import Winners
from nas.training.alone import seconds_of
from nas.training.deciding import AVERAGED
from search_spaces import EvenSampler, get_space

CHANCE = "one random network"
"""What stands in the column of strategies for a random network.

It has the FLOPs of the network that the first strategy found with the same seed.
"""


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """What one search came to: a row of ``searches.csv``.

    Attributes:
        strategy: The strategy, :data:`CHANCE`, or the name of a network that was not searched.
        seed: Seed of the search.
        trials: Candidates of the search.
        finalists: Finalists of the search.
        seeds: Trainings to convergence of the network.
        epochs: Most passes over the images in each.
        data: Fingerprint of the images.
        architecture: Line of the network that it recommended.
        params: Parameters of the network that are learned.
        flops: FLOPs of an image.
        training_seconds: Seconds that all candidates took, and the trainings of finalists; 0 where
            nothing was searched.
        val_auc: Validation AUC after trainings to convergence, the mean over seeds.
        test_auc: Test AUC of these trainings, the mean over seeds.
        averaged_auc: The same of probabilities that are averaged over the symmetries of the image.
        test_aucs: Test AUC of each, separated by blanks.
        commit: Version of the toolkit.
        hardware: Processor or GPU.
    """

    strategy: str
    seed: Count
    trials: Count
    finalists: Count
    seeds: Count
    epochs: Count
    data: str
    architecture: str
    params: int
    flops: int
    training_seconds: float
    val_auc: float
    test_auc: float
    averaged_auc: float
    test_aucs: str
    commit: str
    hardware: str

    @property
    def key(self) -> tuple[object, ...]:
        """Which search it is, on which images, and how what it found was trained."""
        return (
            self.strategy,
            self.seed,
            *(self.trials, self.finalists, self.seeds, self.epochs, self.data),
        )


def search_from_end_to_end(
    settings: SearchBenchmarkSettings, publish: Callable[[Sequence[SearchOutcome]], object]
) -> list[SearchOutcome]:
    """Search from end to end, seed by seed, where that was not done yet.

    Args:
        settings: Settings of the proof.
        publish: Shows all searches that are done; called after each.

    Returns:
        All searches that the settings ask for.

    Raises:
        UserError: A directory holds another search.
    """
    table = settings.out / "searches.csv"
    done = read_lines(table, SearchOutcome)
    planned = dict(_planned(settings))
    for key, outcome in planned.items():
        if key not in {one.key for one in done}:
            done.append(outcome())
            write_lines(table, SearchOutcome, done)
            publish([one for one in done if one.key in planned])
    return [one for one in done if one.key in planned]


def _planned(
    settings: SearchBenchmarkSettings,
) -> Iterator[tuple[tuple[object, ...], Callable[[], SearchOutcome]]]:
    data = open_dataset(settings.data or default_data()).fingerprint
    shape = settings.trials, settings.finalists, settings.seeds, settings.epochs, data
    for seed in range(settings.runs):
        for strategy in settings.arms:
            yield (strategy, seed, *shape), partial(_found, settings, strategy, seed)
        yield (CHANCE, seed, *shape), partial(_by_chance, settings, seed)
    yield (settings.named, 0, *shape), partial(_named, settings)


def _found(settings: SearchBenchmarkSettings, strategy: str, seed: int) -> SearchOutcome:
    run = _search(settings, strategy, seed)
    seconds = sum(candidate.seconds or 0.0 for candidate in run.candidates())
    seconds += seconds_of(run.finals)
    return _judged(settings, strategy, seed, run, None, seconds)


def _search(settings: SearchBenchmarkSettings, strategy: str, seed: int) -> RunDirectory:
    """Search, or go on with a search that was stopped."""
    place = settings.directory / f"{strategy}-{seed}"
    say(f"searching with {strategy}, seed {seed}, {place}")
    if RunDirectory(place).config_file.exists():
        changes: dict[str, Any] = {"trials": settings.trials, "finalists": settings.finalists}
        if settings.data is not None:
            changes["data"] = settings.data
        return search_networks(resumed(place, strategy=strategy, seed=seed, **changes))
    return search_networks(
        SearchSettings(
            strategy=strategy,
            seed=seed,
            data=settings.data,
            trials=settings.trials,
            finalists=settings.finalists,
            workers=settings.workers,
            run=place,
        )
    )


def _by_chance(settings: SearchBenchmarkSettings, seed: int) -> SearchOutcome:
    """Train a random network with the FLOPs of the one that the first strategy found."""
    run = RunDirectory.open(settings.directory / f"{settings.arms[0]}-{seed}")
    found = Winners.from_run(run.path, 1, None, settings.data)
    cost = found.images.costs().flops
    drawn = EvenSampler(get_space(found.space), cost).draw_near(
        cost(found.architectures[0]), chance(seed)
    )
    return _judged(settings, CHANCE, seed, run, str(drawn), 0.0)


def _named(settings: SearchBenchmarkSettings) -> SearchOutcome:
    """Train the network that one would take without a search."""
    run = RunDirectory.open(settings.directory / f"{settings.arms[0]}-0")
    return _judged(settings, settings.named, 0, run, settings.named, 0.0)


def _judged(
    settings: SearchBenchmarkSettings,
    strategy: str,
    seed: int,
    run: RunDirectory,
    architecture: str | None,
    seconds: float,
) -> SearchOutcome:
    """Train what was found until validation gains no more, and read the test images."""
    retrained = retrain_architectures(
        RetrainSettings(
            run=run.path,
            architecture=architecture,
            seeds=settings.seeds,
            schedule="wsd",
            epochs=settings.epochs,
            track="none",
        )
    )
    summary, scores, about = retrained.summaries[0], retrained.scores, environment()
    return SearchOutcome(
        strategy=strategy,
        seed=seed,
        trials=settings.trials,
        finalists=settings.finalists,
        seeds=settings.seeds,
        epochs=settings.epochs,
        data=retrained.data.fingerprint,
        architecture=str(summary.architecture),
        params=summary.params,
        flops=summary.flops,
        training_seconds=round(seconds, 1),
        val_auc=float(scores["validation_auc"].mean()),
        test_auc=float(scores["test_auc"].mean()),
        averaged_auc=float(scores[f"test_{AVERAGED}"].mean()),
        test_aucs=" ".join(f"{value:.5f}" for value in scores["test_auc"]),
        commit=str(about["commit"]),
        hardware=str(about["hardware"]),
    )
