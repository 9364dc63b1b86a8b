"""Searches from end to end: each is followed by trainings to convergence, and test images."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

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
from search_spaces import EvenSampler, get_space, params

CHANCE = "one random network"
"""What stands in the column of strategies for a random network of the size of a found one."""


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """What one search came to: a row of ``searches.csv``.

    Attributes:
        strategy: The strategy, or :data:`CHANCE`.
        seed: Seed of the search.
        trials: Candidates of the search.
        finalists: Finalists of the search.
        seeds: Trainings to convergence of the network.
        epochs: Most passes over the images in each.
        data: Fingerprint of the images.
        architecture: Line of the network that it recommended.
        params: Parameters of the network that are learned.
        flops: FLOPs of an image.
        candidate_seconds: Seconds of training of all candidates, without the finals; 0 for
            :data:`CHANCE`.
        val_auc: Validation AUC after trainings to convergence, the mean over seeds.
        test_auc: Test AUC of these trainings, the mean over seeds.
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
    candidate_seconds: float
    val_auc: float
    test_auc: float
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


def _found(settings: SearchBenchmarkSettings, strategy: str, seed: int) -> SearchOutcome:
    run = _search(settings, strategy, seed)
    seconds = sum(candidate.seconds or 0.0 for candidate in run.candidates())
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
    """Train a random network of the size of the one that the first strategy found."""
    run = RunDirectory.open(settings.directory / f"{settings.arms[0]}-{seed}")
    best = run.best()
    space = get_space(best.space)
    sizes = EvenSampler(space, params)
    drawn = sizes.draw_near(best.winner.params, np.random.default_rng([seed, 2]))
    return _judged(settings, CHANCE, seed, run, str(drawn), 0.0)


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
        candidate_seconds=round(seconds, 1),
        val_auc=float(scores["validation_auc"].mean()),
        test_auc=float(scores["test_auc"].mean()),
        test_aucs=" ".join(f"{value:.5f}" for value in scores["test_auc"]),
        commit=str(about["commit"]),
        hardware=str(about["hardware"]),
    )
