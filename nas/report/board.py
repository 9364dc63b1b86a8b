"""The outcome of a leaderboard: one JSON file for its tables, figures and report.

``leaderboard.json`` stands in the leaderboard's directory; the predictions of every training stand
below it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import TypeAdapter

from nas.common.artefacts import checked, read_json, reading, short
from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.rules import Count, Must, Pixels, Text
from nas.data.options import ReadOptions
from nas.data.targets import Target
from nas.report.rows import Published, Row, check_row
from nas.training.deciding import CALLED, deciding

VERSION = 2
"""Version of the file; it rises when readers must change."""

FILE = "leaderboard.json"
"""Name of the file in the leaderboard's directory."""

INTERVALS_SAY = (
    "Intervals and p-values resample the test images only: they hold for these trained weights, "
    "and say nothing of other seeds (for which ± over seeds stands). The p-values of a table are "
    "corrected for their number (Holm)."
)
"""A warning that stands wherever intervals and p-values are shown."""


@dataclass(frozen=True)
class BoardData:
    """The data set of a board.

    Attributes:
        directory: where the data set was; relative to the working directory if it was below that.
        options: how the data set was read.
        fingerprint: hash of the data set's content.
        classes: class names in label order.
        image_size: height and width of an image in pixels.
        images: number of images by split: ``train``, ``val``, ``test``; where a number is learned,
            of those that have it.
        target: the number that is learned; None where classes are.
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
    target: Target | None = None

    @property
    def called(self) -> str:
        """What the score is called that decides."""
        return CALLED[deciding(self.scores)]

    @property
    def scores(self) -> tuple[str, ...]:
        """Names of all test scores: the one that decides, the one beside it, and others."""
        if self.target is not None:
            return "r2", "mae"
        return "auc", "accuracy", *(f"auc_{name}" for name in self.classes)


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
        best_found: name of the found network with the highest validation score, which others are
            compared with; None where no found network has one.
        published: what others published of networks that are not among the rows, by title.
        command: command line that made the board.
        environment: versions, hardware, commit and date of the process that wrote the board and
            timed the networks.
        version: version of the file.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.data.options import ReadOptions
        >>> from nas.report.board import Board, BoardData
        >>> from nas.report.rows import Row, Spread
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
        >>> {row.name: row.test_score for row in again.rows}
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
        """The place of each trained network by its test score, from 1, by name.

        It does not depend on the order of the rows. Equals share a place.
        """
        trained = [row for row in self.rows if row.trainings]
        return {
            row.name: 1 + sum(other.test_score > row.test_score for other in trained)
            for row in trained
        }

    def write(self, directory: Path) -> None:
        """Write ``leaderboard.json`` atomically."""
        values = _BOARD.dump_python(self, mode="json")
        if self.data.target is None:
            del values["data"]["target"]
        write_json(directory / FILE, values)

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
                    check_row(row, board.data.scores)
                return board
        except FileNotFoundError as error:
            raise UserError(
                f"there is no leaderboard in {directory}: run python -m baselines.leaderboard"
            ) from error


_BOARD = TypeAdapter(Board)
