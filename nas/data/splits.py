"""The splits of a data set; those that it lacks are made once from a seed, stratified by class."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.artefacts import DamageError, reading, short
from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.data.layout import SPLITS

Indices = npt.NDArray[np.int64]

# This share of each class goes to every split that the disk lacks.
_HELD_OUT = 0.15

_SIDES = _TRAIN, _VAL, _TEST = [SPLITS.index(name) for name in ("train", "val", "test")]
_ALL = SPLITS.index("all")


@dataclass(frozen=True)
class Splits:
    """The positions of the images of each split in a data set.

    Attributes:
        train: positions of the images that networks learn from, (N,).
        val: positions of the images that choose epochs, architectures and settings, (N,).
        test: positions of the images that report how good a network is, and never choose, (N,).
        made: names of the splits that the disk lacks, so that they were made from the seed.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data import open_dataset
        >>> random = np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(Path(directory, "images.npy"), random.random((60, 16, 16)))
        ...     np.save(Path(directory, "labels.npy"), np.arange(60) % 3)
        ...     splits = open_dataset(Path(directory)).splits(seed=0)
        >>> len(splits.train), len(splits.val), len(splits.test)
        (42, 9, 9)
        >>> splits.made
        ('train', 'val', 'test')
    """

    train: Indices
    val: Indices
    test: Indices
    made: tuple[str, ...]


def make_splits(table: pd.DataFrame, classes: tuple[str, ...], seed: int, record: Path) -> Splits:
    """Return the splits of a data set.

    Splits that the disk lacks are taken from its training images. Identical images always come to
    the same side, so that a split which is made leaks nothing.

    Args:
        table: one row for each image, with ``label``, ``split`` and ``digest``.
        classes: class names in label order.
        seed: seed of the random assignment.
        record: file where the assignment is written down, and from which it is read when the file
            is there already.

    Raises:
        UserError: there is nothing to train on, or a class has too few images to be split.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import pandas as pd
        >>> from nas.data.layout import SPLITS
        >>> from nas.data.splits import make_splits
        >>> table = pd.DataFrame(
        ...     {
        ...         "label": [0, 1] * 20,
        ...         "split": SPLITS.index("train"),
        ...         "digest": [str(number) for number in range(40)],
        ...     }
        ... )
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     record = Path(directory, "splits.npy")
        ...     splits = make_splits(table, ("lens", "nonlens"), seed=0, record=record)
        >>> len(splits.train), len(splits.val), len(splits.test), splits.made
        (28, 6, 6, ('val', 'test'))
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
        codes = _recorded(record, on_disk)
    else:
        codes = _assign(table, np.where(trainable, _TRAIN, on_disk), missing, classes, seed)
        # The cache entry is gone if the data directory was read anew since it was opened.
        record.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(record) as path:
            np.save(path, codes)
    made = missing if (on_disk == _TRAIN).any() else ("train", *missing)
    train, val, test = (np.flatnonzero(codes == code) for code in (_TRAIN, _VAL, _TEST))
    return Splits(train, val, test, made)


def _recorded(record: Path, on_disk: Indices) -> Indices:
    """Return the assignment that was written down: the split of each image, as a position."""
    with reading(record, "remove it, and the splits are made anew"):
        try:
            # The file is mapped, so that it cannot promise more than it has.
            codes: Indices = np.array(np.lib.format.open_memmap(record, mode="r"))
        except (ValueError, EOFError, SyntaxError, TypeError) as error:
            raise DamageError(short(error)) from error
        if codes.dtype != np.int64 or codes.shape != on_disk.shape:
            raise DamageError("not one whole number an image")
        moved = codes != on_disk
        if not np.isin(on_disk[moved], (_TRAIN, _ALL)).all() or not np.isin(codes, _SIDES).all():
            raise DamageError("splits that the data set does not have")
    return codes


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
    # Copies of one image move together, so only the first of them is counted.
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
