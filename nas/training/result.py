"""``result.json``: the outcome of a training, and what made it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from torch import nn

from nas.common.artefacts import checked, read_json, reading
from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.provenance import Made, command, environment, today
from nas.common.rules import Amount, Count, Must, Text
from nas.training.course import CutOff
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.spec import TrainingSpec, holds
from nas.training.temperature import Temperature

RESULT = "result.json"
"""Name of the file in the directory of a training."""


def _are_scores(scores: Mapping[str, float]) -> bool:
    if "r2" in scores:
        return scores.get("mae", -1) >= 0 and all(
            value <= 1 for name, value in scores.items() if name != "mae"
        )
    return all(
        0 <= scores.get(name, -1) <= 1 for name in {"auc", "accuracy", *scores} if name != "loss"
    )


JudgedScores = Annotated[
    dict[str, float],
    Must(_are_scores, "scores up to 1, an auc and an accuracy among them, or an r2 and a mae"),
]
"""Scores by name: ``auc`` and ``accuracy`` are among them, or ``r2`` and ``mae``."""


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
        cut_off: what ended the training while validation still gained, where its length was open.
        temperature: what the logits are divided by so that probabilities are as sure as they are
            right, fitted on the validation images; None for numbers, and in results of earlier
            versions.
    """

    seed: int
    validation: JudgedScores
    test: JudgedScores
    seconds: Amount
    epoch: Count
    made: Made
    cut_off: CutOff = ""
    temperature: Temperature | None = None


def write_result(
    directory: Path,
    spec: Mapping[str, Any],
    result: Result,
    images: TrainingImages,
    **more: int | float | None,
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


@dataclass(frozen=True)
class WrittenResult:
    """What ``result.json`` tells those who have the directory of a training, and its checkpoint.

    Attributes:
        command: command line that asked for the training.
        images: number of images by split, and which splits were made.
        test: scores on test images by name; None where the training was not judged on any.
        hardware: processor and GPUs.
        versions: versions of Python and packages.
        commit: commit of this toolkit.
        date: date of the end of the training.
        temperature: see :class:`FinalScores`.
    """

    command: Text
    images: dict[str, Any]
    hardware: Text
    versions: Text
    commit: Text
    date: Text
    test: JudgedScores | None = None
    temperature: Temperature | None = None


def read_result(checkpoint: Path, about: Mapping[str, Any]) -> WrittenResult | None:
    """Return the outcome of the training that a checkpoint is of; None where it is not beside it.

    Args:
        checkpoint: ``model.safetensors`` of a network.
        about: what it says of itself; the training's spec is among that if it lies where its
            training left it.

    Raises:
        UserError: the file is damaged.
    """
    path = checkpoint.with_name(RESULT)
    spec = {name: value for name, value in about.items() if name != "outcome"}
    if "data" not in spec or not path.exists():
        return None
    with reading(path, "remove it, and the same command writes it anew"):
        values = checked(dict[str, Any], read_json(path))
        if any(values.get(name) != value for name, value in spec.items()):
            return None
        return checked(WrittenResult, values)


def read_scores(directory: Path, spec: TrainingSpec) -> FinalScores:
    """Return the outcome of a training that was scored on the test images.

    Args:
        directory: directory of the training.
        spec: spec of the training.

    Raises:
        UserError: the file is damaged, or its spec is another.
    """
    path = directory / RESULT
    with reading(path, "remove it, and the same command writes it anew"):
        values = checked(dict[str, Any], read_json(path))
        # What made the scores stands among them.
        scores = checked(FinalScores, {**values, "made": values})
    if not holds(values, spec):
        raise UserError(f"{path} is of another training than its directory says: remove it")
    return scores
