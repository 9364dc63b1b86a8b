"""``summary.json``: what the trainings of one architecture from several seeds came to."""

import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.provenance import Made, command, environment
from nas.training.networks.card import ModelCard
from nas.training.repeated import Repeated
from nas.training.result import FinalScores
from nas.training.spec import TrainingSpec

SUMMARY = "summary.json"
"""Its name in the directory of the trainings."""


@dataclass(frozen=True)
class Summary:
    """All trainings of one architecture.

    Attributes:
        directory: of the trainings; each has a directory ``seed-<n>`` of its own there.
        card: of the network.
        params: number of parameters.
        flops: of one image.
        scores: of the trainings.
    """

    directory: Path
    card: ModelCard
    params: int
    flops: int
    scores: Repeated

    @property
    def architecture(self) -> str:
        """Its line."""
        return str(self.card.architecture)

    def write(self, spec: TrainingSpec) -> None:
        """Write ``summary.json``.

        Args:
            spec: of any of the trainings.
        """
        values = {
            "command": command(),
            "params": self.params,
            "flops": self.flops,
            **spec.without_seed(),
            **self.scores.to_json(),
            **environment(),
        }
        write_json(self.directory / SUMMARY, values)

    @staticmethod
    def read(directory: Path) -> "Summary":
        """Return the summary in a directory.

        Raises:
            UserError: the file is missing or damaged.
        """
        path = directory / SUMMARY
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            card = ModelCard.from_json(values["model"])
            scores = Repeated(tuple(_scores(training) for training in values["trainings"]))
            for part in ("validation", "test"):
                for name in ("auc", "accuracy"):
                    scores.spread(part, name)
            return Summary(directory, card, int(values["params"]), int(values["flops"]), scores)
        except (OSError, KeyError, IndexError, TypeError, ValueError) as error:
            raise UserError(
                f"{path} is damaged: remove it, and python -m nas.retrain writes it anew"
            ) from error


def _scores(training: dict[str, Any]) -> FinalScores:
    own = {
        field.name: training[field.name] for field in fields(FinalScores) if field.name != "made"
    }
    return FinalScores(**own, made=Made(**training["made"]))
