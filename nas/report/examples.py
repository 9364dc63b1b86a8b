"""Images with what a network said of them: its most confident mistakes and successes."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ReadOptions
from nas.data.preview import draw_image
from nas.report.predictions import Predictions

_COLUMNS = 6
_INCHES = 1.45
# So many characters of a class name fit over a picture.
_LONG = 16

Positions = npt.NDArray[np.int64]
"""Positions (M,) among the test images."""


class Verdict(NamedTuple):
    """The verdict of a network on one image.

    Attributes:
        true: class of the image.
        said: class that the network took the image for.
        share: probability that the network gave that class.
    """

    true: str
    said: str
    share: float

    def __str__(self) -> str:
        return (
            f"{self.true}, right ({self.share:.0%})"
            if self.right
            else (f"{self.true}, taken for {self.said} ({self.share:.0%})")
        )

    @property
    def right(self) -> bool:
        """Whether the image is what the network took it for."""
        return self.true == self.said

    def title(self) -> str:
        """Return the verdict as it fits over a small picture."""
        true, said = (name if len(name) <= _LONG else f"{name[:_LONG]}…" for name in self[:2])
        return (
            f"{true}\nright ({self.share:.0%})"
            if self.right
            else f"{true}\ntaken for\n{said} ({self.share:.0%})"
        )


def open_same(directory: Path, options: ReadOptions, fingerprint: str) -> LensDataset:
    """Open the data set that something was made with.

    Args:
        directory: where the data set is now.
        options: how the data set was read.
        fingerprint: hash that the data set's content had.

    Raises:
        UserError: the data set is gone, or is another one now.
    """
    if not directory.is_dir():
        raise UserError(f"the data set {directory} is gone: say where it is with --data")
    dataset = open_dataset(directory, options)
    if dataset.fingerprint != fingerprint:
        raise UserError(
            f"the data set {directory} is another one now: say where the former is with --data"
        )
    return dataset


def mistakes(predictions: Predictions) -> Positions:
    """Return the images that the best training got wrong, the surest mistakes first."""
    told = predictions.probabilities[predictions.best]
    wrong = np.flatnonzero(told.argmax(axis=1) != predictions.labels)
    return wrong[np.argsort(-told[wrong].max(axis=1), kind="stable")]


def successes(predictions: Predictions, count: int) -> Positions:
    """Return images that the best training got right, class by class, the surest first.

    Args:
        predictions: what the trainings said.
        count: how many images to return at most, spread evenly over the classes.
    """
    told = predictions.probabilities[predictions.best]
    right = told.argmax(axis=1) == predictions.labels
    surest = []
    for label in range(len(predictions.classes)):
        members = np.flatnonzero(right & (predictions.labels == label))
        surest.append(
            members[np.argsort(-told[members, label], kind="stable")][
                : -(-count // len(predictions.classes))
            ]
        )
    return np.concatenate(surest)[:count]


def example_figure(
    dataset: LensDataset, predictions: Predictions, positions: Positions
) -> ShownFigure:
    """Draw a grid of images, each with its class, what it was taken for, and how surely.

    Args:
        dataset: data set of the images.
        predictions: what the trainings said.
        positions: test images to draw.

    Raises:
        UserError: an image is not in the data set.
    """
    rows = -(-len(positions) // _COLUMNS)
    columns = min(len(positions), _COLUMNS)
    figure = ShownFigure(figsize=(columns * _INCHES, rows * (_INCHES + 0.5)), layout="constrained")
    grid = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in grid:
        axes.set_axis_off()
    images = images_of(dataset, predictions.images.iloc[positions])
    for axes, image, verdict in zip(grid, images, verdicts(predictions, positions), strict=False):
        draw_image(axes, dataset.images[image].mean(axis=0))
        axes.set_title(verdict.title(), fontsize=7)
    return figure


def verdicts(predictions: Predictions, positions: Positions) -> list[Verdict]:
    """Return what each of these images is, and what the best training took it for."""
    told = predictions.probabilities[predictions.best][positions]
    names = predictions.classes
    triples = zip(predictions.labels[positions], told.argmax(axis=1), told.max(axis=1), strict=True)
    return [Verdict(names[true], names[said], float(share)) for true, said, share in triples]


def images_of(dataset: LensDataset, wanted: pd.DataFrame) -> Sequence[int]:
    """Return the positions that test images have in the data set.

    Args:
        dataset: data set of the images.
        wanted: ``file`` and ``row`` of the test images.

    Raises:
        UserError: an image is not in the data set.
    """
    there = {
        key: index
        for index, key in enumerate(zip(dataset.table["file"], dataset.table["row"], strict=True))
    }
    try:
        return [there[key] for key in zip(wanted["file"], wanted["row"], strict=True)]
    except KeyError as error:
        file, _ = error.args[0]
        raise UserError(
            f"{dataset.directory} has no {file}, of which there are predictions: give the file "
            "its former name, or train the network anew"
        ) from error
