"""From trainings to rows of the leaderboard: scores with error bars, costs, and comparisons."""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from baselines.leaderboard.comparison import compare
from baselines.leaderboard.contest import Contest
from baselines.leaderboard.costs import LatencyCache, NetworkSize, size_of
from baselines.leaderboard.entries import CHANCE, MAJORITY, MEAN, Entry
from baselines.leaderboard.trainings import Cache
from baselines.published import PUBLISHED
from nas.common.provenance import Made
from nas.report.rows import JudgedTraining, Published, Row, Spread
from nas.training.bootstrap import Floats, interval_of
from nas.training.images import TrainingImages
from nas.training.predictions import PREDICTIONS
from nas.training.regression import score_values
from nas.training.repeated import Repeated
from nas.training.result import FinalScores


class Standings:
    """The rows of a leaderboard, as far as they are known at the moment.

    What takes time is computed once for each network.

    Args:
        contests: one contest for each network.
        images: images that the networks are judged on.
        cache: trainings of the networks.
        latencies: how long the networks take.
        root: directory of the leaderboard.
        environment: what :func:`nas.common.provenance.environment` says of this process.
        device: ``cpu`` or ``cuda``, where this process would train.
    """

    def __init__(
        self,
        contests: Sequence[Contest],
        images: TrainingImages,
        cache: Cache,
        latencies: LatencyCache,
        root: Path,
        environment: Mapping[str, str],
        device: str,
    ) -> None:
        self._contests = contests
        self._images = images
        self._cache = cache
        self._latencies = latencies
        self._root = root
        self._environment = environment
        self._device = device
        self._bootstrap = cache.task.resampled(cache.truth)
        self._resampled: dict[str, Floats] = {}
        self._sizes: dict[str, NetworkSize] = {}

    @property
    def best_found(self) -> Row | None:
        """The found network with the highest validation score; None where none has a score.

        The test images have no say in this choice.
        """
        found = [row for row in self._networks() if row.kind == "found" and row.trainings]
        return max(found, key=lambda row: row.validation_score, default=None)

    def rows(self) -> list[Row]:
        """Return the networks whose outcome is known, and the references.

        Each network is compared with the best found one.
        """
        best = self.best_found
        rows = self._networks()
        if best is not None:
            rows = self._compared(rows, best)
        return [*rows, *reference_rows(self._images)]

    def _networks(self) -> list[Row]:
        return [self._row(contest) for contest in self._contests if contest.settled]

    def _row(self, contest: Contest) -> Row:
        entry = contest.entry
        if entry.name not in self._sizes:
            self._sizes[entry.name] = size_of(entry.card)
        size, chosen = self._sizes[entry.name], contest.chosen
        row = Row(
            name=entry.name,
            kind=entry.kind,
            source=os.path.relpath(entry.source, self._root) if entry.source else "",
            card=entry.card.to_json(),
            params=size.params,
            flops=size.flops,
            latency_ms=self._latencies.known(entry.card) or {},
            tried={f"{rate:g}": score for rate, score in contest.rates.items()},
            tried_decays={f"{decay:g}": score for decay, score in contest.decays.items()},
            published=_published(entry),
            notes=(
                *entry.notes,
                *_of_the_grid(
                    "learning rate", contest.rates, chosen.learning_rate if chosen else None
                ),
                *_of_the_grid(
                    "weight decay", contest.decays, chosen.weight_decay if chosen else None
                ),
            ),
            # Workers know the whole path, which is nobody else's business.
            failure=contest.failure.replace(str(self._root.absolute()), str(self._root)),
        )
        return row if contest.failure else self._judged(row, contest)

    def _judged(self, row: Row, contest: Contest) -> Row:
        """Return the row with its scores."""
        trainings, scores, specs = [], [], contest.specs
        for spec in specs:
            came_to = contest.scores[spec.seed]
            predictions = (self._cache.directory(spec) / PREDICTIONS).relative_to(self._root)
            trainings.append(JudgedTraining(**vars(came_to), predictions=predictions.as_posix()))
            scores.append(came_to)
        unlike = (
            note
            for came_to in scores
            for note in _differences(came_to.made, self._environment, self._device)
        )
        if row.name not in self._resampled:
            self._resampled[row.name] = self._bootstrap(
                [self._cache.answers(spec) for spec in specs]
            )
        summary, recipe = Repeated(tuple(scores)).to_json(), specs[0].recipe
        rate, decay = recipe.learning_rate, recipe.weight_decay
        return replace(
            row,
            learning_rate=rate,
            weight_decay=decay,
            tried=row.tried or {f"{rate:g}": scores[0].validation[self._cache.task.decides]},
            interval=interval_of(self._resampled[row.name]),
            trainings=tuple(trainings),
            metrics={
                split: {name: Spread(**value) for name, value in summary[split].items()}
                for split in ("validation", "test")
            },
            notes=(*row.notes, *_cut_off(scores), *dict.fromkeys(unlike)),
        )

    def _compared(self, rows: list[Row], best: Row) -> list[Row]:
        others = [row for row in rows if row.name != best.name and row.trainings]
        told = compare(
            {row.name: row.test_score - best.test_score for row in others},
            {row.name: self._resampled[row.name] - self._resampled[best.name] for row in others},
        )
        return [replace(row, comparison=told.get(row.name)) for row in rows]


def _published(entry: Entry) -> tuple[Published, ...]:
    """Return what others published of a baseline, which is of classes."""
    if entry.kind != "baseline" or entry.card.target is not None:
        return ()
    return PUBLISHED.get(entry.card.model, ())


def _of_the_grid(
    what: str, tried: Mapping[float, float | None], chosen: float | None
) -> Iterator[str]:
    """Say what could not be trained, and whether the best may lie beyond what was tried."""
    for value, score in tried.items():
        if score is None:
            yield f"could not be trained at a {what} of {value:g}"
    # Of two, either is at an end.
    if len(tried) > 2 and chosen in (min(tried), max(tried)):
        end = "smallest" if chosen == min(tried) else "largest"
        yield f"chose the {end} {what} that was tried, {chosen:g}, and might do better beyond it"


def _cut_off(scores: Sequence[FinalScores]) -> Iterator[str]:
    """Say how many trainings ended while validation still gained."""
    for what, flag in (("time", "--max-minutes"), ("epochs", "--epochs")):
        if count := sum(one.cut_off == what for one in scores):
            yield (
                f"{count} of {len(scores)} trainings ended by {flag} while validation still gained"
            )


def _differences(made: Made, environment: Mapping[str, str], device: str) -> Iterator[str]:
    """Say in what a training was made otherwise than one would be now.

    It may be a training of an earlier leaderboard.
    """
    if made.device != device:
        yield f"trained on {made.device}"
    # GPUs are named last, and a worker may see fewer of them.
    if not environment["hardware"].startswith(made.hardware):
        yield f"trained on {made.hardware}"
    if made.versions != environment["versions"]:
        same = environment["versions"].split(", ")
        others = (name for name in made.versions.split(", ") if name not in same)
        yield f"trained with {', '.join(others)}"
    if made.commit != environment["commit"]:
        yield f"trained at commit {made.commit}"


def reference_rows(images: TrainingImages) -> list[Row]:
    """Return the scores that can be had without looking at an image.

    One row answers by chance, and another always names the most frequent class of training; of
    numbers, one row always tells the mean of training.
    """
    if images.target is not None:
        truth = images.truth(images.splits.test)
        scores = score_values(np.full(len(truth), images.target.mean), truth)
        return [_reference(MEAN, scores.to_json())]
    dataset, splits = images.dataset, images.splits
    classes = len(dataset.classes)
    test = dataset.labels[splits.test]
    most = int(np.bincount(dataset.labels[splits.train], minlength=classes).argmax())
    accuracies = {CHANCE: 1 / classes, MAJORITY: float((test == most).mean())}
    areas = {"auc": 0.5, **{f"auc_{name}": 0.5 for name in dataset.classes}}
    return [
        _reference(name, {**areas, "accuracy": accuracy}) for name, accuracy in accuracies.items()
    ]


def _reference(name: str, scores: Mapping[str, float]) -> Row:
    spreads = {key: Spread(value, None) for key, value in scores.items()}
    return Row(name=name, kind="reference", metrics={"validation": {}, "test": spreads})
