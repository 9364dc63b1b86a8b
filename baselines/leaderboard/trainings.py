"""The trainings of a leaderboard: each in a directory named after its content.

A training that only competes for a learning rate is scored on validation images and leaves
``validation.json``. One that counts is scored on the test images too and leaves ``result.json``
(:mod:`nas.training.result`) and ``predictions.parquet`` (:mod:`nas.training.predictions`). One
whose loss was no number leaves ``diverged.json``. No training is done again, but for one that lost
and then counts in a later leaderboard: a loser's weights are not kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from nas.common.artefacts import checked, read_json, reading
from nas.common.errors import UserError
from nas.common.files import room_for, write_json
from nas.training.bootstrap import Floats
from nas.training.final import train_and_test
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch
from nas.training.metrics import NonFiniteError
from nas.training.predictions import PREDICTIONS
from nas.training.result import RESULT, FinalScores, read_scores
from nas.training.spec import TrainingSpec, holds
from nas.training.task import Truth, task_of
from nas.training.tracked import tracked_epochs

_TRIED = "validation.json"
_DIVERGED = "diverged.json"

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Assignment:
    """One training to be done.

    Attributes:
        spec: the network, its recipe, and the seed.
        counts: whether the network is judged on the test images; otherwise the training competes
            for a learning rate.
        directory: directory for the files of the training.
        track: where the curves of the training go.
    """

    spec: TrainingSpec
    counts: bool
    directory: Path
    track: str

    def run(
        self,
        images: TrainingImages,
        device: torch.device,
        *,
        asked_by: str,
        at_a_time: int,
        tell: Callable[[str], None],
    ) -> float | FinalScores:
        """Train, or go on from where a killed call had come to.

        Args:
            images: images to learn from, and to be judged on.
            device: where to train.
            asked_by: command line of the leaderboard.
            at_a_time: how many trainings run at a time.
            tell: takes the line that names a tracker which fails.

        Returns:
            All scores of a training that counts; the validation AUC, or R², of one that competes.

        Raises:
            NonFiniteError: a loss or a score is not a number; this is noted, for it would be none
                again.
            UserError: the directory belongs to another training, or cannot be written.
        """
        try:
            with tracked_epochs(self.track, self.directory, self.spec.to_json(), tell) as on_epoch:
                if self.counts:
                    return self._judge(images, device, on_epoch, asked_by, at_a_time)
                return self._try(images, device, on_epoch)
        except NonFiniteError as error:
            self._note(_DIVERGED, {"reason": str(error)})
            raise

    def _try(self, images: TrainingImages, device: torch.device, on_epoch: OnEpoch) -> float:
        model = self.spec.build()
        score = self.spec.fit(
            model, images.train(device), images.val(device), self.directory, on_epoch
        ).best.score
        self._note(_TRIED, {task_of(images).decides: score})
        return score

    def _judge(
        self,
        images: TrainingImages,
        device: torch.device,
        on_epoch: OnEpoch,
        asked_by: str,
        at_a_time: int,
    ) -> FinalScores:
        return train_and_test(
            self.spec,
            self.spec.build(),
            images,
            directory=self.directory,
            device=device,
            on_epoch=on_epoch,
            asked_by=asked_by,
            at_a_time=at_a_time,
        )

    def _note(self, name: str, values: dict[str, Any]) -> None:
        with room_for(self.directory, "the same command goes on"):
            write_json(self.directory / name, {**self.spec.to_json(), **values})


class Cache:
    """The trainings of all leaderboards in one directory, and what they came to.

    Args:
        root: directory of all trainings.
        images: images that the networks learn from and are judged on.
        track: where the curves of new trainings go.
    """

    def __init__(self, root: Path, images: TrainingImages, track: str = "none") -> None:
        self.task = task_of(images)
        """What the networks learn."""
        self._root = root
        self._images = images
        self._track = track

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the data set."""
        return self._images.dataset.fingerprint

    def directory(self, spec: TrainingSpec) -> Path:
        """Return the directory for the files of a training."""
        return self._root / spec.digest

    def assignment(self, spec: TrainingSpec, *, counts: bool) -> Assignment:
        """Return what is to be done for a training.

        Args:
            spec: the network, its recipe, and the seed.
            counts: whether the network is judged on the test images.
        """
        return Assignment(spec, counts, self.directory(spec).absolute(), self._track)

    def validation(self, spec: TrainingSpec) -> float | None:
        """Return the validation AUC, or R², of a training that has ended; None where it has not.

        Raises:
            UserError: the directory of the training is damaged.
        """
        scores, name = self.scores(spec), self.task.decides
        return (
            scores.validation[name]
            if scores is not None
            else self._noted(spec, _TRIED, name, float)
        )

    def divergence(self, spec: TrainingSpec) -> str | None:
        """Return why a training came to no number; None where it came to one, or was not tried.

        Raises:
            UserError: the directory of the training is damaged.
        """
        return self._noted(spec, _DIVERGED, "reason", str)

    def scores(self, spec: TrainingSpec) -> FinalScores | None:
        """Return the scores of a training that was judged on the test images, or else None.

        Raises:
            UserError: the directory of the training is damaged.
        """
        directory = self.directory(spec)
        if not (directory / RESULT).exists():
            return None
        try:
            scores = read_scores(directory, spec)
            told_of, _ = self.task.read(directory / PREDICTIONS)
            if not np.array_equal(told_of, self.truth):
                raise UserError("the predictions are not those of the test images")
        except UserError as error:
            raise self._damaged(spec) from error
        return scores

    def answers(self, spec: TrainingSpec) -> Floats:
        """Return what a training said of the test images: probabilities (N, K), or numbers (N,)."""
        return self.task.read(self.directory(spec) / PREDICTIONS)[1]

    @property
    def truth(self) -> Truth:
        """What is right for each of the test images (N,)."""
        return self._images.truth(self._images.splits.test)

    def forget_state(self, spec: TrainingSpec, *, lost: bool) -> None:
        """Remove what only a training that goes on needs.

        Args:
            spec: training that has ended.
            lost: whether another learning rate won; the weights of a training that lost and was
                never judged are removed too.
        """
        directory = self.directory(spec)
        (directory / "state.safetensors").unlink(missing_ok=True)
        if lost and not (directory / RESULT).exists():
            (directory / "model.safetensors").unlink(missing_ok=True)

    def _noted(self, spec: TrainingSpec, file: str, name: str, kind: type[_Value]) -> _Value | None:
        """Return one value of a file of a training; None where there is no such file."""
        path = self.directory(spec) / file
        if not path.exists():
            return None
        try:
            with reading(path, "remove it"):
                values = checked(dict[str, Any], read_json(path))
                value = checked(kind, values.get(name))
            if not holds(values, spec):
                raise UserError(f"{path} is of another training than its directory says")
        except UserError as error:
            raise self._damaged(spec) from error
        return value

    def _damaged(self, spec: TrainingSpec) -> UserError:
        what = spec.card.architecture or spec.card.model
        return UserError(
            f"{self.directory(spec)} is damaged, the training of {what} with seed {spec.seed}: "
            "remove it, and the same command trains that network anew"
        )
