"""The record that is written down after every epoch."""

import csv
import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

from nas.common.artefacts import DamageError, read_table, reading
from nas.common.rules import Amount, Count, Must, Share
from nas.training.deciding import decides, deciding

LOG = "log.csv"
"""Name of the file in the directory of a training that :func:`to_csv` is written to."""

EpochScores = Annotated[dict[str, float], Must(decides, "scores with an auc or an r2")]
"""Scores by name, among them the one that decides: ``auc``, or ``r2`` of a regression."""


@dataclass(frozen=True)
class EpochRecord:
    """The record of one epoch.

    Attributes:
        epoch: number of the epoch, from 1.
        updates: number of updates since the start of the training.
        loss: mean training loss over the epoch.
        learning_rate: learning rate of the first update in the epoch.
        seconds: seconds that were spent on training in the epoch, without scoring.
        val: scores on the validation images by name; ``auc`` or ``r2`` is among them and chooses
            the epoch.
    """

    epoch: Count
    updates: Count
    loss: float
    learning_rate: float
    seconds: Amount
    val: EpochScores

    @property
    def score(self) -> float:
        """The validation score that chooses the epoch: the AUC, or R² of a regression."""
        return self.val[deciding(self.val)]

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return asdict(self)


Epochs = Annotated[
    tuple[EpochRecord, ...],
    Must(
        lambda records: (
            bool(records)
            and [record.epoch for record in records] == list(range(1, len(records) + 1))
        ),
        "all epochs from the first",
    ),
]
"""The epochs of a training, as they are read from a file."""


def best_record(records: Sequence[EpochRecord]) -> EpochRecord:
    """Return the record with the highest validation score, the earliest among equals."""
    return max(records, key=lambda record: record.score)


def to_csv(records: Sequence[EpochRecord]) -> str:
    """Return the records as CSV, one line an epoch; the columns of scores are ``val_<name>``."""
    rows = []
    for record in records:
        row = record.to_json()
        rows.append(row | {f"val_{name}": value for name, value in row.pop("val").items()})
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass(frozen=True)
class _Line:
    """What is read of a line of the log: the score that decides."""

    val_auc: Share | None = None
    val_r2: float | None = None

    @property
    def score(self) -> float:
        known = self.val_r2 if self.val_auc is None else self.val_auc
        if known is None:
            raise DamageError("neither val_auc nor val_r2")
        return known


def read_curve(path: Path) -> tuple[float, ...]:
    """Return the validation AUC, or R², after each epoch, as the log of a training has it.

    Args:
        path: path of the log.

    Raises:
        UserError: the file is damaged.
    """
    with reading(path, "remove it, and its curve is left out"):
        return tuple(line.score for line in read_table(path, _Line))
