"""The training that counts: epochs chosen on validation, then one look at the test split, and all of it written down.

state.safetensors, model.safetensors, log.csv   see ``nas.training.files``
predictions.parquet                             one line a test image: file, row, label, class probabilities
result.json                                     scores and what made them; where it stands, the test was read
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nas.data import LensDataset
from nas.errors import UserError
from nas.files import atomic_path, room_for, write_json
from nas.provenance import Made, command, environment
from nas.training.evaluation import predict
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch, fit
from nas.training.metrics import check_labels, score
from nas.training.precision import thread_count
from nas.training.recipe import Recipe

Split = Literal["validation", "test"]


@dataclass(frozen=True)
class FinalScores:
    """What one training came to.

    Attributes:
        seed: of the training.
        validation: scores of the epoch that was chosen, by name.
        test: likewise, of the same weights on the test images.
        seconds: spent on training, without scoring.
        epoch: that was chosen.
        made: what made it.
    """

    seed: int
    validation: dict[str, float]
    test: dict[str, float]
    seconds: float
    epoch: int
    made: Made


@dataclass(frozen=True)
class Repeated:
    """One network, trained from several seeds."""

    trainings: tuple[FinalScores, ...]

    def spread(self, split: Split, name: str) -> tuple[float, float | None]:
        """Mean of a score over the seeds, and its sample standard deviation; None for one seed."""
        values = [getattr(training, split)[name] for training in self.trainings]
        return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return means, deviations, and all trainings as JSON values."""
        values: dict[str, Any] = {"trainings": [asdict(training) for training in self.trainings]}
        for split in get_args(Split):
            names = getattr(self.trainings[0], split)
            values[split] = {name: dict(zip(("mean", "std"), self.spread(split, name), strict=True)) for name in names}
        return values


def check_test(images: TrainingImages) -> None:
    """Refuse a test split that lacks a class, before anything is trained for it."""
    check_labels(images.dataset.labels[images.splits.test], images.dataset.classes)


def train_and_test(
    model: nn.Module,
    images: TrainingImages,
    recipe: Recipe,
    *,
    seed: int,
    directory: Path,
    about: Mapping[str, Any],
    device: torch.device,
    on_epoch: OnEpoch | None = None,
    asked_by: str | None = None,
    at_a_time: int = 1,
) -> FinalScores:
    """Train a network, and score the epoch that validation chose on the test images: once, whatever happens.

    Args:
        model: with its first weights.
        images: the data set.
        recipe: how to train.
        seed: of the training.
        directory: for its files; what was begun there goes on, what is finished is read.
        about: JSON values that name network, first weights and data.
        device: where to train.
        on_epoch: called for each epoch.
        asked_by: command line that asked for it, where that is not this process's.
        at_a_time: how many trainings run at a time, this one among them.

    Raises:
        UserError: the directory belongs to another training, or what :func:`nas.training.fit` raises.
    """
    trained = fit(
        model,
        images.train(device),
        images.val(device),
        recipe,
        seed=seed,
        directory=directory,
        about=about,
        on_epoch=on_epoch,
    )
    result = directory / "result.json"
    if result.exists():
        return read_scores(result)
    test = images.test(device)
    probabilities = predict(trained.model, test)
    with room_for(directory, "the same command judges the network"):
        _write_predictions(directory / "predictions.parquet", images.dataset, images.splits.test, probabilities)
    threads = thread_count(model, device)
    made = {"device": device.type, "threads": threads, "at_a_time": at_a_time, **environment()}
    scores = FinalScores(
        seed=seed,
        validation=trained.best.val,
        test=score(probabilities, test.labels.cpu().numpy(), test.classes).to_json(),
        seconds=round(sum(record.seconds for record in trained.epochs), 1),
        epoch=trained.best.epoch,
        made=_made(made),
    )
    outcome = {
        "command": asked_by or command(),
        **about,
        "recipe": recipe.to_json(),
        "seed": seed,
        "epoch": scores.epoch,
        "validation": scores.validation,
        "test": scores.test,
        "seconds": scores.seconds,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "images": {name: len(getattr(images.splits, name)) for name in ("train", "val", "test")},
        **made,
    }
    with room_for(directory, "the same command judges the network"):
        write_json(result, outcome)
    return scores


def read_scores(result: Path) -> FinalScores:
    """Return what the ``result.json`` of a training says.

    Raises:
        UserError: it is damaged.
    """
    try:
        values = json.loads(result.read_text(encoding="utf-8"))
        own = ("seed", "validation", "test", "seconds", "epoch")
        return FinalScores(**{name: values[name] for name in own}, made=_made(values))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{result} is damaged: remove it, and the same command writes it anew") from error


def _made(values: Mapping[str, Any]) -> Made:
    return Made(**{field.name: values[field.name] for field in fields(Made)})


def _write_predictions(
    path: Path, dataset: LensDataset, indices: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> None:
    table = dataset.table.iloc[indices][["file", "row"]].reset_index(drop=True)
    table["label"] = [dataset.classes[label] for label in dataset.labels[indices]]
    table[list(dataset.classes)] = probabilities
    with atomic_path(path) as temporary:
        table.to_parquet(temporary, index=False)
