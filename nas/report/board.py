"""The outcome of a leaderboard: one JSON file for its tables, figures and report.

``leaderboard.json`` stands in the leaderboard's directory; the predictions of every training stand
below it.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import TypeAdapter

from nas.common.artefacts import DamageError, checked, read_json, reading, short
from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.rules import Amount, Count, Must, Pixels, Share, Text
from nas.data.options import ReadOptions
from nas.training.networks.card import ModelCard
from nas.training.result import FinalScores

VERSION = 2
"""Version of the file; it rises when readers must change."""

FILE = "leaderboard.json"
"""Name of the file in the leaderboard's directory."""

INTERVALS_SAY = (
    "Intervals and p-values resample the test images only: they hold for these trained weights, "
    "say nothing of other seeds (for which ± over seeds stands), and are not corrected for the "
    "number of comparisons."
)
"""A warning that stands wherever intervals and p-values are shown."""

RowKind = Literal["baseline", "found", "named", "reference"]
"""Kinds of rows: a hand-designed network; the best network of a search; an architecture that the
user wrote or that was drawn at random; a row without a network."""


@dataclass(frozen=True)
class Spread:
    """A score over several seeds.

    Attributes:
        mean: mean over the seeds.
        std: sample standard deviation over the seeds; None for one seed.
    """

    mean: float
    std: Amount | None


@dataclass(frozen=True)
class JudgedTraining(FinalScores):
    """One training of one network.

    Attributes:
        predictions: file of the test images' class probabilities (:mod:`nas.training.predictions`),
            relative to the board's directory.
    """

    predictions: Text


@dataclass(frozen=True)
class PairedComparison:
    """A network against the best found one, by a paired bootstrap over the test images.

    Attributes:
        difference: this network's macro AUC less that of the best found network, both means over
            seeds.
        interval: interval that holds 95 % of the bootstrap's differences.
        p_value: two-sided p-value of no difference.
    """

    difference: float
    interval: tuple[float, float]
    p_value: float

    @property
    def p_words(self) -> str:
        """The p-value as it is printed."""
        return f"p {self.p_value:.3f}" if self.p_value >= 0.001 else "p < 0.001"


@dataclass(frozen=True)
class Published:
    """A score that others published, on other data.

    Attributes:
        dataset: name of their data set.
        auc: macro one-vs-rest AUC.
        accuracy: share of images that were classified rightly; None where it was not published.
        source: where the score was published.
    """

    dataset: Text
    auc: Share
    accuracy: Share | None
    source: Text


_Card = Annotated[
    dict[str, Any],
    Must(lambda card: ModelCard.from_json(card).to_json().keys() <= card.keys(), "a whole card"),
]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: title in tables; no two rows have the same.
        kind: whether the row is a baseline, a found or a named network, or a reference.
        source: directory of the search that found the network, relative to the board's directory;
            empty for others.
        card: the network's :class:`~nas.training.networks.card.ModelCard` as JSON values; None for
            a reference.
        params: number of parameters.
        flops: FLOPs of one image, at the size that the network is fed.
        latency_ms: median time of a forward pass, in milliseconds, by batch size.
        learning_rate: learning rate that validation chose.
        tried: validation AUC of the first seed by learning rate; None where that training failed.
        interval: interval that holds 95 % of the bootstrap's macro AUCs (mean over seeds) over the
            test images.
        comparison: comparison with the best found network; None where there is none, and for that
            network itself.
        published: what others published of this network.
        trainings: one training for each seed, the first seed first.
        metrics: scores by split (``validation``, ``test``) and name; those of a reference follow
            from the class counts.
        notes: what a reader must know of this row.
        failure: why there are no scores; empty where there are.
    """

    name: Text
    kind: RowKind
    source: Text = ""
    card: _Card | None = None
    params: Count | None = None
    flops: Count | None = None
    latency_ms: dict[str, Amount] = field(default_factory=dict)
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
    def untied_params(self) -> int | None:
        """Weights of the network, those that a symmetry ties to others counted too."""
        if self.card is None:
            return self.params
        untied = ModelCard.from_json(self.card).untied_params
        return self.params if untied is None else untied

    @property
    def test_auc(self) -> float:
        """Macro one-vs-rest AUC on the test images, mean over seeds; minus infinity without one."""
        return self.metrics["test"]["auc"].mean if self.metrics else float("-inf")

    @property
    def validation_auc(self) -> float:
        """Macro one-vs-rest AUC on the validation images, mean over seeds.

        All choices are made by it. A row without trainings has minus infinity.
        """
        return self.metrics["validation"]["auc"].mean if self.trainings else float("-inf")


@dataclass(frozen=True)
class BoardData:
    """The data set of a board.

    Attributes:
        directory: where the data set was; relative to the working directory if it was below that.
        options: how the data set was read.
        fingerprint: hash of the data set's content.
        classes: class names in label order.
        image_size: height and width of an image in pixels.
        images: number of images by split: ``train``, ``val``, ``test``.
    """

    directory: str
    options: ReadOptions
    fingerprint: Text
    classes: tuple[Text, ...]
    image_size: Pixels
    images: Annotated[
        dict[str, Count],
        Must(lambda images: images.keys() >= {"train", "val", "test"}, "of train, val and test"),
    ]


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Attributes:
        data: data set on which all networks were trained and judged.
        recipe: recipe that all networks were trained by, as JSON values; the learning rate is that
            of each row.
        device: device on which the networks were timed and, unless a row's notes say otherwise,
            trained.
        threads: number of torch's threads with which the networks were timed.
        latency_batches: sizes of the batches that were timed.
        rows: rows in the order that was asked for, which need not be that of their ranks.
        best_found: name of the found network with the highest validation AUC, which others are
            compared with; None where no found network has a score.
        published: what others published of networks that are not among the rows, by title.
        command: command line that made the board.
        environment: versions, hardware, commit and date of the process that wrote the board and
            timed the networks.
        version: version of the file.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.data.options import ReadOptions
        >>> from nas.report.board import Board, BoardData, Row, Spread
        >>> names = ("auc", "auc_cdm", "auc_axion", "accuracy")
        >>> scores = {name: Spread(0.5, None) for name in names}
        >>> chance = Row("chance", "reference", metrics={"test": scores})
        >>> counts = {"train": 80, "val": 10, "test": 10}
        >>> board = Board(
        ...     data=BoardData("data", ReadOptions(), "0" * 64, ("cdm", "axion"), (64, 64), counts),
        ...     recipe={"epochs": 4},
        ...     device="cpu",
        ...     threads=1,
        ...     latency_batches=(1, 64),
        ...     rows=(chance,),
        ...     best_found=None,
        ...     published={},
        ...     command="python -m baselines.leaderboard",
        ...     environment={},
        ... )
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     board.write(Path(directory))
        ...     again = Board.read(Path(directory))
        >>> again == board
        True
        >>> {row.name: row.test_auc for row in again.rows}
        {'chance': 0.5}
    """

    data: BoardData
    recipe: Annotated[
        dict[str, Any],
        Must(lambda recipe: isinstance(recipe.get("augmentation", {}), dict), "a recipe"),
    ]
    device: Text
    threads: Count
    latency_batches: Annotated[tuple[Count, ...], Must(bool, "one size or more")]
    rows: tuple[Row, ...]
    best_found: str | None
    published: dict[str, tuple[Published, ...]]
    command: str
    environment: dict[str, str]
    version: int = VERSION

    @property
    def ranks(self) -> dict[str, int]:
        """The place of each trained network by its test AUC, from 1, by name.

        It does not depend on the order of the rows. Equals share a place.
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
            UserError: there is no leaderboard, or it is damaged, or another version wrote it.
        """
        path = directory / FILE
        try:
            with reading(path, "remove it, and python -m baselines.leaderboard writes it anew"):
                values = checked(dict[str, Any], read_json(path))
                if (version := values.get("version")) != VERSION:
                    raise UserError(
                        f"{path} was written by another version of this toolkit (its format is "
                        f"{short(version)}, not {VERSION}): give another directory with --out"
                    )
                board = checked(Board, values)
                for row in board.rows:
                    _check(row, board.data.classes)
                return board
        except FileNotFoundError as error:
            raise UserError(
                f"there is no leaderboard in {directory}: run python -m baselines.leaderboard"
            ) from error


def _check(row: Row, classes: tuple[str, ...]) -> None:
    """Check that a row has all that tables and figures show of it.

    Raises:
        DamageError: something is missing.
    """
    needed = (
        {"test": {"accuracy", "auc", *(f"auc_{name}" for name in classes)}} if row.metrics else {}
    )
    if row.trainings:
        needed["validation"] = {"auc"}
    for split, scores in needed.items():
        if missing := scores - row.metrics.get(split, {}).keys():
            raise DamageError(f"{short(row.name)}: no {short(min(missing))} of {split}")
    if row.trainings and None in (row.card, row.params, row.flops):
        raise DamageError(f"{short(row.name)}: no card, or no size")


_BOARD = TypeAdapter(Board)
