"""Numbers that networks read off the test images, drawn against the true ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.figure import ShownFigure
from nas.data.targets import Target, Values
from nas.report.drawing import BLUE, GREY, panel_figure, picture, wrapped
from nas.report.page import Section
from nas.report.predictions import check_same_images
from nas.training.predictions import read_values
from nas.training.regression import score_values

# Width and height of a panel in inches, and width of a name above one.
_PANEL = 3.4, 3.5
_NAME = 3.0


@dataclass(frozen=True)
class ReadNumbers:
    """The test images, and the numbers that the trainings of one network read off them.

    Attributes:
        target: what was read off.
        images: ``file`` and ``row`` of N images, as the data set's table has them.
        true: true numbers (N,), in the target's unit.
        predicted: numbers (S, N) by training and image.
        best: position of the training that validation likes best.
    """

    target: Target
    images: pd.DataFrame
    true: Values
    predicted: npt.NDArray[np.float64]
    best: int

    @staticmethod
    def read(
        files: Sequence[Path], validation_r2: Sequence[float], target: Target
    ) -> "ReadNumbers | None":
        """Read the predictions of all trainings of a network.

        Args:
            files: file of predictions of each training.
            validation_r2: validation R² of each training.
            target: what was read off.

        Returns:
            The numbers; None where files were removed.

        Raises:
            UserError: a file is damaged, or the files are of different images.
        """
        if not all(file.exists() for file in files):
            return None
        tables = [read_values(file) for file in files]
        check_same_images(files, tables)
        predicted = np.stack([table["predicted"].to_numpy(np.float64) for table in tables])
        first, best = tables[0], int(np.argmax(validation_r2))
        true = first["true"].to_numpy(np.float64)
        return ReadNumbers(target, first[["file", "row"]], true, predicted, best)

    @property
    def words(self) -> str:
        """R² and mean absolute error of the best training."""
        scores = score_values(self.predicted[self.best], self.true)
        return f"R² {scores.r2:.4f}, MAE {self.target.words(scores.mae)}"


def scatter_figure(networks: Mapping[str, ReadNumbers]) -> ShownFigure:
    """Draw the number that the best training reads off each test image against the true one.

    All panels have the same scale.

    Args:
        networks: what the trainings of networks read off the same images, by name of the network.
    """
    figure, panels = panel_figure(len(networks), *_PANEL)
    first = next(iter(networks.values()))
    seen = [first.true, *(told.predicted[told.best] for told in networks.values())]
    ends = [min(map(np.min, seen)), max(map(np.max, seen))]
    for axes, (name, told) in zip(panels, networks.items(), strict=True):
        axes.plot(ends, ends, color=GREY, linewidth=0.8, linestyle=":")
        predicted = told.predicted[told.best]
        axes.plot(told.true, predicted, ".", color=BLUE, markersize=5, alpha=0.6)
        axes.set(title=f"{wrapped(name, _NAME)}\n{told.words}")
        axes.set(xlabel=f"true {first.target.title}", ylabel=f"predicted {first.target.title}")
        axes.set(aspect="equal")
    return figure


def numbers_section(networks: Mapping[str, ReadNumbers], choice: str) -> Section:
    """Return a section on how well networks read their number off the test images.

    Args:
        networks: what the trainings of networks read off, by name of the network.
        choice: how these networks were chosen, in a sentence.
    """
    first = next(iter(networks.values()))
    caption = (
        f"{first.target.name} as the training that validation likes best reads it off each test "
        "image, against the true one; on the dotted line both are the same."
    )
    scores = "; ".join(f"{name}: {told.words}" for name, told in networks.items())
    words = (
        f"{choice} The scores are on {len(first.true):,} test images, on which nothing was chosen."
    )
    drawn = picture("scatter", partial(scatter_figure, networks), caption, f"{caption} {scores}.")
    return Section("Numbers", (words,), (drawn,))
