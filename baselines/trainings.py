"""The trainings of a leaderboard: each in a directory named after its content.

A training that only competes for a learning rate is scored on validation images and leaves ``validation.json``; one
that counts is scored on the test images too and leaves ``result.json`` and ``predictions.parquet``
(:mod:`nas.training.final`); one whose loss was no number leaves ``diverged.json``. None is done again, but for one that
lost and then counts in a later leaderboard: a loser's weights are not kept.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from nas.board import read_predictions
from nas.errors import UserError
from nas.fidelity.standalone import Training
from nas.files import room_for, write_json
from nas.tracking import TrackerName, tracked_epochs
from nas.training.final import FinalScores, read_scores, train_and_test
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch
from nas.training.metrics import NonFiniteError

_TRIED = "validation.json"
_DIVERGED = "diverged.json"

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Task:
    """One training to be done.

    Attributes:
        training: the network, its recipe, and the seed.
        counts: whether it is judged on the test images; otherwise it competes for a learning rate.
        directory: of its files.
        track: where its curves go.
    """

    training: Training
    counts: bool
    directory: Path
    track: TrackerName

    def run(
        self, images: TrainingImages, device: torch.device, *, asked_by: str, at_a_time: int
    ) -> float | FinalScores:
        """Train, or go on where a killed call came; return the validation AUC, or what the training came to.

        Args:
            images: to learn from, and to be judged on.
            device: where to train.
            asked_by: command line of the leaderboard.
            at_a_time: how many trainings run at a time.

        Raises:
            NonFiniteError: a loss or a score is not a number; it is noted, for it would be none again.
            UserError: the directory belongs to another training, or cannot be written.
        """
        try:
            with tracked_epochs(self.track, self.directory, self.training.about) as on_epoch:
                if self.counts:
                    return self._judge(images, device, on_epoch, asked_by, at_a_time)
                return self._try(images, device, on_epoch)
        except NonFiniteError as error:
            self._note(_DIVERGED, {"reason": str(error)})
            raise

    def _try(self, images: TrainingImages, device: torch.device, on_epoch: OnEpoch) -> float:
        scores = self.training.run(images.train(device), images.val(device), self.directory, on_epoch)
        self._note(_TRIED, {"auc": scores["auc"]})
        return float(scores["auc"])

    def _judge(
        self, images: TrainingImages, device: torch.device, on_epoch: OnEpoch, asked_by: str, at_a_time: int
    ) -> FinalScores:
        training = self.training
        return train_and_test(
            training.card.build(training.seed, training.recipe.drop_path),
            images,
            training.recipe,
            seed=training.seed,
            directory=self.directory,
            about={"data": training.data, "model": training.card.to_json()},
            device=device,
            on_epoch=on_epoch,
            asked_by=asked_by,
            at_a_time=at_a_time,
        )

    def _note(self, name: str, values: dict[str, Any]) -> None:
        with room_for(self.directory, "the same command goes on"):
            write_json(self.directory / name, {**self.training.about, **values})


class Cache:
    """What was trained before.

    Args:
        root: directory of all trainings.
        images: that they learned from and are judged on.
        track: where the curves of new ones go.
    """

    def __init__(self, root: Path, images: TrainingImages, track: TrackerName = "none") -> None:
        self._root = root
        self._images = images
        self._track = track

    @property
    def fingerprint(self) -> str:
        """Of the data set."""
        return self._images.dataset.fingerprint

    def directory(self, training: Training) -> Path:
        """Where the files of a training are."""
        return self._root / training.key

    def task(self, training: Training, *, counts: bool) -> Task:
        """What is to be done for a training."""
        return Task(training, counts, self.directory(training).absolute(), self._track)

    def validation(self, training: Training) -> float | None:
        """The validation AUC of a training that has ended; None where it has not.

        Raises:
            UserError: its directory is damaged.
        """
        scores = self.scores(training)
        return scores.validation["auc"] if scores is not None else self._noted(training, _TRIED, "auc", float)

    def divergence(self, training: Training) -> str | None:
        """Why a training came to no number; None where it did not, or was not tried.

        Raises:
            UserError: its directory is damaged.
        """
        return self._noted(training, _DIVERGED, "reason", str)

    def scores(self, training: Training) -> FinalScores | None:
        """What a training came to that was judged on the test images; None where it was not.

        Raises:
            UserError: its directory is damaged.
        """
        directory = self.directory(training)
        path = directory / "result.json"
        if not path.exists():
            return None
        try:
            scores = read_scores(path)
            self._check_identity(training, json.loads(path.read_text(encoding="utf-8")))
            table = read_predictions(directory / "predictions.parquet", training.card.classes)
            numbers = table[list(training.card.classes)].to_numpy(np.float64)
            named = [training.card.classes[label] for label in self.labels]
            if list(table["label"]) != named or not np.isfinite(numbers).all():
                raise UserError("the predictions are not those of the test images")
            if not {"auc", "accuracy"} <= scores.validation.keys() & scores.test.keys():
                raise UserError("scores are missing")
        except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(training) from error
        return scores

    def predictions(self, training: Training) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        """Class probabilities (N, K) of the test images."""
        table = read_predictions(self.directory(training) / "predictions.parquet", training.card.classes)
        return table[list(training.card.classes)].to_numpy(np.float64)

    @property
    def labels(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """(N,) labels of the test images."""
        return self._images.dataset.labels[self._images.splits.test]

    def forget_state(self, training: Training, *, lost: bool) -> None:
        """Remove what only a training that goes on needs; of one that lost and never was judged, its weights too."""
        directory = self.directory(training)
        (directory / "state.safetensors").unlink(missing_ok=True)
        if lost and not (directory / "result.json").exists():
            (directory / "model.safetensors").unlink(missing_ok=True)

    def _noted(self, training: Training, file: str, name: str, kind: Callable[[Any], _Value]) -> _Value | None:
        """One value of a file of a training; None where there is no such file."""
        path = self.directory(training) / file
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            self._check_identity(training, values)
            return kind(values[name])
        except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(training) from error

    def _check_identity(self, training: Training, values: dict[str, object]) -> None:
        if any(values[name] != value for name, value in training.about.items()):
            raise UserError("it is another training than its name says")

    def _damaged(self, training: Training) -> UserError:
        what = training.card.architecture or training.card.model
        return UserError(
            f"{self.directory(training)} is damaged, the training of {what} with seed {training.seed}: remove it, and "
            "the same command trains that network anew"
        )
