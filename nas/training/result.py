"""``result.json``: what a training came to, and what made it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from torch import nn

from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.provenance import Made, command, environment
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.spec import TrainingSpec

RESULT = "result.json"
"""Its name in the directory of a training."""


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


def write_result(
    directory: Path,
    spec: Mapping[str, Any],
    result: Result,
    images: TrainingImages,
    **more: int | float,
) -> None:
    """Write what a training came to that was not judged on the test images.

    Args:
        directory: of the training.
        spec: the JSON values of its spec.
        result: what it came to.
        images: its data set.
        more: numbers worth knowing, by name.
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
    """Write what a training came to that was judged on the test images.

    Args:
        directory: of the training.
        spec: what was trained, and how.
        scores: of it.
        model: its network.
        images: its data set.
        asked_by: command line that asked for it.
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
        "date": environment()["date"],
    }
    write_json(directory / RESULT, outcome)


def read_scores(directory: Path, spec: TrainingSpec) -> FinalScores:
    """Return what a training came to that was judged on the test images.

    Args:
        directory: of the training.
        spec: what was trained, and how.

    Raises:
        UserError: the file is damaged, or of another training.
    """
    path = directory / RESULT
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        own = {
            field.name: values[field.name] for field in fields(FinalScores) if field.name != "made"
        }
        scores = FinalScores(
            **own, made=Made(**{field.name: values[field.name] for field in fields(Made)})
        )
        if not {"auc", "accuracy"} <= scores.validation.keys() & scores.test.keys():
            raise ValueError("scores are missing")
        same = all(values[name] == value for name, value in spec.to_json().items())
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(
            f"{path} is damaged: remove it, and the same command writes it anew"
        ) from error
    if not same:
        raise UserError(f"{path} is of another training than its directory says: remove it")
    return scores
