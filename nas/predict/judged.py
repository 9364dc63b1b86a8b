"""How good predictions are, where the folder tells what is right for its images."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nas.common.errors import UserError
from nas.common.settings import part
from nas.data.dataset import open_dataset
from nas.data.detect import find_layout
from nas.data.layout import SPLITS, Layout
from nas.data.options import ImageOptions, ReadOptions
from nas.data.targets import Target, read_target
from nas.data.tree import scan
from nas.predict.settings import ClassifySettings
from nas.training.bootstrap import auc_interval, interval_of
from nas.training.chance import CHANCE, interval_words
from nas.training.metrics import score
from nas.training.regression import KNOWS_NOTHING, NumberBootstrap, NumberScores, score_values
from nas.training.reliability import Reliability

# What is said of images, by their split on the disk.
_TOLD = {
    "train": "training images, from which it may have learned",
    "val": "validation images",
    "test": "test images",
    "all": "images, from some of which it may have learned",
}


@dataclass(frozen=True)
class Judged:
    """The scores of a network on the labelled images of one split.

    Attributes:
        split: name of the split on the disk; ``all`` where there are no splits.
        images: number of images.
        auc: macro one-vs-rest AUC.
        interval: 95 % bootstrap interval of the AUC, over the images.
        accuracy: share of images whose most probable class is right.
        error: expected calibration error, by how much the probabilities are too sure or not sure
            enough.
    """

    split: str
    images: int
    auc: float
    interval: tuple[float, float]
    accuracy: float
    error: float

    @property
    def words(self) -> str:
        """The scores in one line."""
        return (
            f"AUC {self.auc:.4f} ({interval_words(self.interval)}; chance is {CHANCE}), accuracy "
            f"{self.accuracy:.1%}, calibration error {self.error:.3f} on {self.images:,} "
            f"{_TOLD[self.split]}"
        )


def judge_classes(table: pd.DataFrame, settings: ClassifySettings) -> Iterator[Judged]:
    """Score class probabilities, split by split; nothing where no classes of images are told.

    Args:
        table: predictions, a row for each image.
        settings: what was classified.

    Yields:
        The scores of each split that has images of every class of the network.
    """
    classes = tuple(str(name) for name in table["predicted"].cat.categories)
    layout = _layout(settings, classes)
    if layout is None or set(layout.classes) != set(classes):
        return
    truth = layout.images.assign(
        label=[classes.index(layout.classes[label]) for label in layout.images["label"]]
    )
    keys = ["file", "row"] if "row" in table else ["file"]
    told = table.merge(truth[[*keys, "label", "split"]], on=keys, validate="1:1")
    for code, images in told.groupby("split"):
        labels = images["label"].to_numpy(np.int64)
        if len(set(labels)) < len(classes):
            continue
        probabilities = images[list(classes)].to_numpy(np.float64)
        probabilities /= probabilities.sum(
            axis=1, keepdims=True
        )  # float32 leaves them some 1e-7 off
        scores = score(probabilities, labels, classes)
        yield Judged(
            SPLITS[int(str(code))],
            len(images),
            scores.auc,
            auc_interval(labels, probabilities),
            scores.accuracy,
            Reliability.of(labels, probabilities).error,
        )


@dataclass(frozen=True)
class JudgedNumbers:
    """The scores of a network on those images of one split whose number is known.

    Attributes:
        split: name of the split on the disk; ``all`` where there are no splits.
        images: number of images.
        target: the number that was read off.
        scores: R² and the mean absolute error.
        interval: 95 % bootstrap interval of R², over the images.
    """

    split: str
    images: int
    target: Target
    scores: NumberScores
    interval: tuple[float, float]

    @property
    def words(self) -> str:
        """The scores in one line."""
        return (
            f"R² {self.scores.r2:.4f} ({interval_words(self.interval)}; {KNOWS_NOTHING}), mean "
            f"absolute error {self.target.words(self.scores.mae)} on {self.images:,} "
            f"{_TOLD[self.split]}"
        )


def judge_numbers(
    target: Target, table: pd.DataFrame, settings: ClassifySettings
) -> Iterator[JudgedNumbers]:
    """Score numbers that were read off, split by split; nothing where the true ones are not known.

    Args:
        target: the number.
        table: what was read off, a row for each image.
        settings: which images were looked at.

    Yields:
        The scores of each split that has images with different numbers.
    """
    truth = _true_numbers(target, settings)
    if truth is None:
        return
    keys = ["file", "row"] if "row" in table else ["file"]
    told = table.merge(truth[[*keys, "split", "true"]], on=keys, validate="1:1").dropna()
    for code, images in told.groupby("split"):
        true, read = (images[name].to_numpy(np.float64) for name in ("true", target.name))
        if len(np.unique(true)) < 2:
            continue
        yield JudgedNumbers(
            SPLITS[int(str(code))],
            len(images),
            target,
            score_values(read, true),
            interval_of(NumberBootstrap(true).r2s([read])),
        )


def _true_numbers(target: Target, settings: ClassifySettings) -> pd.DataFrame | None:
    """Return the true number of each image and its split; None where the folder tells none."""
    with suppress(UserError):
        dataset = open_dataset(settings.data, ReadOptions(**vars(part(ImageOptions, settings))))
        return dataset.table.assign(true=read_target(dataset, target.name)[0])
    return None


def _layout(settings: ClassifySettings, classes: tuple[str, ...]) -> Layout | None:
    """Return where labelled images are; None where the folder is no data set."""
    options = ReadOptions(channel_axis=settings.channel_axis, classes=classes)
    with suppress(UserError):
        return find_layout(settings.data, scan(settings.data), options)
    return None
