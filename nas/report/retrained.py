"""What ``python -m nas.retrain`` made of a search's architectures."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.errors import UserError
from nas.report.predictions import Predictions
from nas.run_directory import RunDirectory
from nas.training.card import ModelCard


@dataclass(frozen=True)
class Retrained:
    """One network, trained from scratch.

    Attributes:
        directory: of its trainings.
        card: of the network.
        architecture: its line.
        params: number of parameters.
        flops: of one image.
        seeds: of the trainings.
        scores: mean and deviation by split and name, as ``summary.json`` has them.
        predictions: of the test images; None where they were removed.
    """

    directory: Path
    card: ModelCard
    architecture: str
    params: int
    flops: int
    seeds: int
    scores: dict[str, dict[str, dict[str, Any]]]
    predictions: Predictions | None


def read_retrained(run: RunDirectory) -> list[Retrained]:
    """Return the networks of a run that were trained from scratch to the end, by falling validation AUC.

    Raises:
        UserError: a file is damaged.
    """
    found = [_read(summary) for summary in sorted(run.path.glob("retrain/*/summary.json"))]
    return sorted(found, key=lambda item: -item.scores["validation"]["auc"]["mean"])


def _read(summary: Path) -> Retrained:
    try:
        values = json.loads(summary.read_text(encoding="utf-8"))
        card = ModelCard.from_json(values["model"])
        architecture = str(values["model"]["architecture"])
        scores = {split: dict(values[split]) for split in ("validation", "test")}
        for split in scores.values():
            for name in ("auc", "accuracy"):
                float(split[name]["mean"])
        files = [
            summary.parent / f"seed-{training['seed']}" / "predictions.parquet" for training in values["trainings"]
        ]
        validation = [float(training["validation"]["auc"]) for training in values["trainings"]]
        params, flops = int(values["params"]), int(values["flops"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"{summary} is damaged: remove it, and python -m nas.retrain writes it anew") from error
    predictions = Predictions.read(files, card.classes, validation)
    return Retrained(summary.parent, card, architecture, params, flops, len(files), scores, predictions)
