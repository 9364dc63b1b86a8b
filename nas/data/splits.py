"""Splits that a data set lacks: made once, stratified by class, from a seed, and written down."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.data.layout import SPLITS

Indices = npt.NDArray[np.int64]

# Share of a class that goes to a split which the disk lacks.
_HELD_OUT = 0.15

_TRAIN, _VAL, _TEST, _ALL = (SPLITS.index(name) for name in ("train", "val", "test", "all"))


@dataclass(frozen=True)
class Splits:
    """Positions of the images of each split in the data set.

    Attributes:
        train: images that networks learn from.
        val: images that choose (epochs, architectures, settings).
        test: images that report, and never choose.
        made: which of them the disk lacks, so that they were made from the seed.
    """

    train: Indices
    val: Indices
    test: Indices
    made: tuple[str, ...]


def make_splits(table: pd.DataFrame, classes: tuple[str, ...], seed: int, record: Path) -> Splits:
    """Return the splits of a data set; those that the disk lacks are taken from its training
    images.

    Identical images always come to the same side, so that a made split leaks nothing.

    Args:
        table: one row an image, with ``label``, ``split`` and ``digest``.
        classes: class names in label order.
        seed: of the random assignment.
        record: file where the assignment is written down, and read from when it is there already.

    Raises:
        UserError: there is nothing to train on, or a class has too few images to be split.
    """
    on_disk = table["split"].to_numpy(dtype=np.int64)
    missing = tuple(
        name for code, name in ((_VAL, "val"), (_TEST, "test")) if not (on_disk == code).any()
    )
    trainable = (on_disk == _TRAIN) | (on_disk == _ALL)
    if not trainable.any():
        raise UserError(
            "the data set has no training images, only "
            f"{', '.join(SPLITS[code] for code in np.unique(on_disk))}: give the folder that "
            "holds all splits"
        )
    if not missing:
        codes = np.where(trainable, _TRAIN, on_disk)
    elif record.is_file():
        codes = np.load(record)
    else:
        codes = _assign(table, np.where(trainable, _TRAIN, on_disk), missing, classes, seed)
        # The entry is gone if the directory was read anew since it was opened.
        record.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(record) as path:
            np.save(path, codes)
    made = missing if (on_disk == _TRAIN).any() else ("train", *missing)
    train, val, test = (np.flatnonzero(codes == code) for code in (_TRAIN, _VAL, _TEST))
    return Splits(train, val, test, made)


def _assign(
    table: pd.DataFrame,
    codes: Indices,
    missing: tuple[str, ...],
    classes: tuple[str, ...],
    seed: int,
) -> Indices:
    """Move a stratified share of the training images to each missing split."""
    rng = np.random.default_rng(seed)
    codes = codes.copy()
    # Copies of one image move together: they are counted by the first of them.
    groups = table.groupby("digest", sort=False).ngroup().to_numpy()
    labels = table["label"].to_numpy()
    first = ~table.duplicated("digest").to_numpy()
    for label, name in enumerate(classes):
        candidates = rng.permutation(groups[first & (codes == _TRAIN) & (labels == label)])
        share = max(1, round(_HELD_OUT * len(candidates)))
        if len(candidates) <= share * len(missing):
            raise UserError(
                f"class {name} has {len(candidates)} different training images, too few for the "
                f"missing {' and '.join(missing)} split: get more images of it"
            )
        for number, split in enumerate(missing):
            moved = candidates[number * share : (number + 1) * share]
            codes[np.isin(groups, moved) & (codes == _TRAIN)] = SPLITS.index(split)
    return codes
