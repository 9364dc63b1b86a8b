"""How good predictions are, where the folder tells the classes of its images."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nas.common.errors import UserError
from nas.data.detect import find_layout
from nas.data.layout import SPLITS, Layout
from nas.data.options import ReadOptions
from nas.data.tree import scan
from nas.predict.settings import ClassifySettings
from nas.training.bootstrap import auc_interval
from nas.training.chance import CHANCE, interval_words
from nas.training.metrics import score
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


def judge(table: pd.DataFrame, settings: ClassifySettings) -> Iterator[Judged]:
    """Score predictions, split by split; nothing where the classes of the images are not told.

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


def _layout(settings: ClassifySettings, classes: tuple[str, ...]) -> Layout | None:
    """Return where labelled images are; None where the folder is no data set."""
    options = ReadOptions(channel_axis=settings.channel_axis, classes=classes)
    with suppress(UserError):
        return find_layout(settings.data, scan(settings.data), options)
    return None
