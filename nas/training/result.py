"""``result.json``: the outcome of a training, and what made it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from torch import nn

from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.provenance import Made, command, environment, today
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.spec import TrainingSpec

RESULT = "result.json"
"""Name of the file in the directory of a training."""


@dataclass(frozen=True)
class FinalScores:
    """The scores of one training on validation and test images.

    Attributes:
        seed: seed of the training.
        validation: scores on the validation images by name, in the epoch that validation chose.
        test: scores on the test images by name, with the weights of the same epoch.
        seconds: seconds that were spent on training, without scoring.
        epoch: number of the epoch that validation chose.
        made: device, hardware, versions and commit that made the scores.
    """

    seed: int
    validation: dict[str, float]
    test: dict[str, float]
    seconds: float
    epoch: int
    made: Made

    @staticmethod
    def from_json(values: Mapping[str, Any], made: Mapping[str, Any]) -> "FinalScores":
        """Return scores from JSON values, which may hold more.

        Args:
            values: all scores by the names of their attributes, but for what made them.
            made: what made them, by the names of :class:`~nas.common.provenance.Made`.

        Raises:
            KeyError, TypeError: a value is missing.
        """
        own = {field.name: values[field.name] for field in fields(FinalScores)[:-1]}
        scores = FinalScores(
            **own, made=Made(**{field.name: made[field.name] for field in fields(Made)})
        )
        for part in (scores.validation, scores.test):
            float(part["auc"]), float(part["accuracy"])
        return scores


def write_result(
    directory: Path,
    spec: Mapping[str, Any],
    result: Result,
    images: TrainingImages,
    **more: int | float,
) -> None:
    """Write the outcome of a training that was not scored on the test images.

    Args:
        directory: directory of the training.
        spec: JSON values of the training's spec.
        result: outcome of the training.
        images: data set that the network was trained on.
        more: further numbers worth knowing, by name.
    """
    splits = images.splits
    outcome = {
        "command": command(),
        **spec,
        **more,
        "images": {"train": len(splits.train), "val": len(splits.val), "made": list(splits.made)},
        "best": result.best.to_json(),
        "seconds": result.seconds,
        **environment(),
    }
    write_json(directory / RESULT, outcome)


def write_scores(
    directory: Path,
    spec: TrainingSpec,
    scores: FinalScores,
    *,
    model: nn.Module,
    images: TrainingImages,
    asked_by: str,
) -> None:
    """Write the outcome of a training that was scored on the test images.

    Args:
        directory: directory of the training.
        spec: spec of the training.
        scores: scores of the training.
        model: network that was trained.
        images: data set that the network was trained and tested on.
        asked_by: command line that asked for the training.
    """
    values = asdict(scores)
    made = values.pop("made")
    outcome = {
        "command": asked_by,
        **spec.to_json(),
        **values,
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "images": {name: len(getattr(images.splits, name)) for name in ("train", "val", "test")},
        **made,
        "date": today(),
    }
    write_json(directory / RESULT, outcome)


def read_scores(directory: Path, spec: TrainingSpec) -> FinalScores:
    """Return the outcome of a training that was scored on the test images.

    Args:
        directory: directory of the training.
        spec: spec of the training.

    Raises:
        UserError: the file is damaged, or its spec is another.
    """
    path = directory / RESULT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        scores = FinalScores.from_json(values, values)
        same = all(values[name] == value for name, value in spec.to_json().items())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged: remove it, and the same command writes it anew"
        ) from error
    if not same:
        raise UserError(f"{path} is of another training than its directory says: remove it")
    return scores
