"""The trainings of a leaderboard: each in a directory named after its content, done once and never again.

A training that only competes for a learning rate is scored on validation images and leaves ``validation.json``; one
that counts is scored on the test images too and leaves ``result.json`` and ``predictions.parquet``
(:mod:`nas.training.final`).
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nas.board import read_predictions
from nas.errors import UserError
from nas.fidelity.standalone import Training
from nas.files import write_json
from nas.tracking import TrackerName, tracked_epochs
from nas.training.final import FinalScores, read_scores, train_and_test
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch

_TRIED = "validation.json"


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

    def run(self, images: TrainingImages, device: torch.device) -> float | FinalScores:
        """Train, or go on where a killed call came; return the validation AUC, or what the training came to."""
        with tracked_epochs(self.track, self.directory, self.training.about) as on_epoch:
            return self._run(images, device, on_epoch)

    def _run(self, images: TrainingImages, device: torch.device, on_epoch: OnEpoch) -> float | FinalScores:
        training = self.training
        if not self.counts:
            scores = training.run(images.train(device), images.val(device), self.directory, on_epoch)
            write_json(self.directory / _TRIED, {**training.about, "auc": scores["auc"]})
            return float(scores["auc"])
        return train_and_test(
            training.card.build(training.seed, training.recipe.drop_path),
            images,
            training.recipe,
            seed=training.seed,
            directory=self.directory,
            about={"data": training.data, "model": training.card.to_json()},
            device=device,
            on_epoch=on_epoch,
        )


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
        if scores is not None:
            return scores.validation["auc"]
        path = self.directory(training) / _TRIED
        if not path.exists():
            return None
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            self._check_identity(training, values)
            return float(values["auc"])
        except (UserError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._damaged(training) from error

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
        """Remove what only a training that goes on needs; of one that lost, its weights too."""
        names = ("state.safetensors", "model.safetensors") if lost else ("state.safetensors",)
        for name in names:
            (self.directory(training) / name).unlink(missing_ok=True)

    def _check_identity(self, training: Training, values: dict[str, object]) -> None:
        if any(values[name] != value for name, value in training.about.items()):
            raise UserError("it is another training than its name says")

    def _damaged(self, training: Training) -> UserError:
        what = training.card.architecture or training.card.model
        return UserError(
            f"{self.directory(training)} is damaged, the training of {what} with seed {training.seed}: remove it, and "
            "the same command trains that network anew"
        )
