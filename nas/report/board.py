"""The outcome of a leaderboard: one JSON file that says all that its tables, figures and report
need.

``leaderboard.json`` stands in the leaderboard's directory; the predictions of every training stand
below it.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.provenance import Made
from nas.data.options import ReadOptions

VERSION = 2
"""Of the file; it rises when readers must change."""

FILE = "leaderboard.json"

INTERVALS_SAY = (
    "Intervals and p-values resample the test images only: they hold for these trained weights, "
    "say nothing of other seeds (for which ± over seeds stands), and are not corrected for the "
    "number of comparisons."
)
"""What a reader must know of them, wherever they are shown."""

RowKind = Literal["baseline", "found", "named", "reference"]
"""A hand-designed network; the best of a search; an architecture that the user wrote; a row without
a network."""


@dataclass(frozen=True)
class Spread:
    """A score over several seeds: its mean, and its sample standard deviation; None for one
    seed.
    """

    mean: float
    std: float | None


@dataclass(frozen=True)
class JudgedTraining:
    """One training of one network.

    Attributes:
        seed: of it.
        validation: scores of the epoch that was chosen, by name: ``auc``, ``accuracy``, ``loss``,
            ``auc_<class>``.
        test: likewise, on the test images.
        seconds: spent on training, without scoring.
        epoch: that was chosen.
        made: what made it, which may have been another machine, at another time.
        predictions: file of the test images' class probabilities (:mod:`nas.training.predictions`),
            relative to the board's directory.
    """

    seed: int
    validation: dict[str, float]
    test: dict[str, float]
    seconds: float
    epoch: int
    made: Made
    predictions: str


@dataclass(frozen=True)
class PairedComparison:
    """A network against the best found one, by a paired bootstrap over the test images.

    Attributes:
        difference: this network's macro AUC less that of the best found network, both means over
            seeds.
        interval: that holds 95 % of the bootstrap's differences.
        p_value: two-sided, of no difference.
    """

    difference: float
    interval: tuple[float, float]
    p_value: float


@dataclass(frozen=True)
class Published:
    """A score that others published, on other data."""

    dataset: str
    auc: float
    accuracy: float | None
    source: str


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: title in tables; no two rows have the same.
        kind: what it is.
        source: directory of the search that found it, relative to that of the board; empty for
            others.
        card: the network's :class:`~nas.training.networks.card.ModelCard` as JSON values; None for
            a reference.
        params: number of parameters.
        flops: of one image, at the size that the network is fed.
        latency_ms: median time of a forward pass, in milliseconds, by batch size.
        learning_rate: that validation chose.
        tried: validation AUC of the first seed by learning rate; None where that training failed.
        interval: holds 95 % of the bootstrap's macro AUCs (mean over seeds) over the test images.
        comparison: with the best found network; None where there is none, and for that network
            itself.
        published: what others published of this network.
        trainings: one for each seed, the first seed first.
        metrics: by split (``validation``, ``test``) and name; of a reference what follows from the
            class counts.
        notes: what a reader must know of this row.
        failure: why there are no scores; empty where there are.
    """

    name: str
    kind: RowKind
    source: str = ""
    card: dict[str, Any] | None = None
    params: int | None = None
    flops: int | None = None
    latency_ms: dict[str, float] = field(default_factory=dict)
    learning_rate: float | None = None
    tried: dict[str, float | None] = field(default_factory=dict)
    interval: tuple[float, float] | None = None
    comparison: PairedComparison | None = None
    published: tuple[Published, ...] = ()
    trainings: tuple[JudgedTraining, ...] = ()
    metrics: dict[str, dict[str, Spread]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    failure: str = ""

    @property
    def test_auc(self) -> float:
        """Macro one-vs-rest AUC on the test images, mean over seeds; minus infinity where there is
        none.
        """
        return self.metrics["test"]["auc"].mean if self.metrics else float("-inf")

    @property
    def validation_auc(self) -> float:
        """Likewise on the validation images, where all choices are made."""
        return self.metrics["validation"]["auc"].mean if self.trainings else float("-inf")


@dataclass(frozen=True)
class BoardData:
    """The data set of a board.

    Attributes:
        directory: where it was; relative to the working directory if it was below it.
        options: how it was read.
        fingerprint: hash of its content.
        classes: class names in label order.
        image_size: height and width of an image in pixels.
        images: number of images by split: ``train``, ``val``, ``test``.
    """

    directory: str
    options: ReadOptions
    fingerprint: str
    classes: tuple[str, ...]
    image_size: tuple[int, int]
    images: dict[str, int]


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Attributes:
        data: on which all networks were trained and judged.
        recipe: that all were trained by, as JSON values, but for the learning rate.
        device: on which they were timed and, unless a row's notes say otherwise, trained.
        threads: of torch, with which they were timed.
        latency_batches: sizes of the batches that were timed.
        rows: in the order that was asked for, which need not be that of their ranks.
        best_found: name of the found network with the highest validation AUC, which others are
            compared with.
        published: what others published of networks that are not among the rows, by title.
        command: that made it.
        environment: versions, hardware, commit and date of the process that wrote it and timed the
            networks.
        version: of the file.
    """

    data: BoardData
    recipe: dict[str, Any]
    device: str
    threads: int
    latency_batches: tuple[int, ...]
    rows: tuple[Row, ...]
    best_found: str | None
    published: dict[str, tuple[Published, ...]]
    command: str
    environment: dict[str, str]
    version: int = VERSION

    @property
    def ranks(self) -> dict[str, int]:
        """The place of each trained network by its test AUC, from 1, by name; whatever the order of
        the rows.

        Equals share a place.
        """
        trained = [row for row in self.rows if row.trainings]
        return {
            row.name: 1 + sum(other.test_auc > row.test_auc for other in trained) for row in trained
        }

    def write(self, directory: Path) -> None:
        """Write ``leaderboard.json`` atomically."""
        write_json(directory / FILE, _BOARD.dump_python(self, mode="json"))

    @staticmethod
    def read(directory: Path) -> "Board":
        """Return the board in a directory.

        Raises:
            UserError: there is none, it is damaged, or another version wrote it.
        """
        path = directory / FILE
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(
                f"there is no leaderboard in {directory}: run python -m baselines.leaderboard"
            ) from error
        except (OSError, ValueError) as error:
            raise _damaged(path) from error
        version = values.get("version") if isinstance(values, dict) else None
        if version != VERSION:
            raise UserError(
                f"{path} was written by another version of this toolkit (its format is {version}, "
                f"not {VERSION}): give another directory with --out"
            )
        try:
            return _BOARD.validate_python(values)
        except ValidationError as error:
            raise _damaged(path) from error


def _damaged(path: Path) -> UserError:
    return UserError(
        f"{path} is damaged: remove it, and python -m baselines.leaderboard writes it anew"
    )


_BOARD = TypeAdapter(Board)
