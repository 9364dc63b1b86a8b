"""Packed data sets: one array of images and one array of labels.

Models F and J are passed around in this layout, and simulated data sets have it too. Both arrays
are files beside each other, or stand in one file.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.data.arrays import LOCKED, ArrayEntry, names_class
from nas.data.labels import MOST_CLASSES, name_classes, read_description, read_labels
from nas.data.layout import SPLITS, Layout, Split
from nas.data.place import Place, only_root, place_of, settle, split_of_directory
from nas.data.words import calls_labels, key, stem

METADATA = "dataset.json"
"""File beside the arrays of a data set that we wrote, with its class names and what made it."""


PARAMETERS = "parameters.parquet"
"""File beside an array of images with numbers of each image, a row each."""


class _Pair(NamedTuple):
    """An array of images and the array of their labels."""

    images: ArrayEntry
    labels: ArrayEntry
    place: Place


def find_packed(
    directory: Path, arrays: Sequence[ArrayEntry], classes: tuple[str, ...] = ()
) -> Layout | None:
    """Find pairs of arrays in the same folder or file, one of images and one of their labels.

    Images are (N, C, H, W) or (N, H, W), labels (N,), (N, 1) or one-hot (N, K).

    Args:
        directory: data directory.
        arrays: arrays of the data directory.
        classes: class names by label. Without them the names are those of a description of ours,
            the labels themselves where they are names, or the three dark-matter models for the
            labels 0, 1, 2.

    Returns:
        The layout, or None where there is no such pair.

    Raises:
        UserError: images and labels do not match, labels are outside the class names, or there are
            several data sets.
    """
    pairs = list(_pairs(directory, arrays))
    if not pairs:
        return None
    only_root(directory, (pair.place.root for pair in pairs))
    meaning = settle((pair.place.split for pair in pairs), split_of_directory(directory))
    kind, described = read_description((directory / pairs[0].images.file).with_name(METADATA))
    labels = [read_labels(directory, pair.labels) for pair in pairs]
    named = name_classes(directory / pairs[0].labels.path, labels, classes or described)
    images = pd.concat(
        [_table(pair, meaning, part) for pair, part in zip(pairs, named.numbers, strict=True)]
    )
    name = "simulated" if kind == "simulated" else "packed"
    return Layout(
        name, named.classes, images.reset_index(drop=True), (named.note,) if named.note else ()
    )


def _table(
    pair: _Pair, meaning: dict[Split, Split], numbers: npt.NDArray[np.int64]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "file": pair.images.file,
            "array": pair.images.array,
            "row": np.arange(len(numbers)),
            "label": numbers,
            "split": SPLITS.index(meaning[pair.place.split]),
        }
    )


def _pairs(directory: Path, arrays: Sequence[ArrayEntry]) -> Iterator[_Pair]:
    folders: dict[str, list[ArrayEntry]] = defaultdict(list)
    for entry in arrays:
        if entry.shape is not None:
            folders[entry.folder].append(entry)
    for parent, found in folders.items():
        yield from _pairs_in_folder(directory, parent, found)


def _pairs_in_folder(directory: Path, parent: str, found: list[ArrayEntry]) -> Iterator[_Pair]:
    labels = [entry for entry in found if can_be_labels(entry)]
    images = [entry for entry in found if len(entry.shape or ()) == 4]
    lengths = {_length(entry) for entry in labels}
    if labels and not images and (locked := [entry for entry in found if entry.shape == LOCKED]):
        raise UserError(f"{directory / locked[0].file} cannot be read: check its permissions")
    if not images:
        images = [
            entry for entry in found if len(entry.shape or ()) == 3 and _length(entry) in lengths
        ]
    if not labels:  # The images are those of a class, if their names or folders tell it.
        return
    names = [stem(name) for name in parent.split("/") if name]
    for entry in images:
        own = _labels_of(entry, labels, alone=len(images) == 1)
        if own is None and any(map(names_class, images)):
            continue  # Names tell the classes of these, and labels are of something else.
        if own is None:
            raise UserError(without_labels(directory, entry))
        if _length(entry) != _length(own):
            raise UserError(
                f"{directory / entry.path} holds {_length(entry)} images but "
                f"{directory / own.path} {_length(own)} labels: give files that belong together"
            )
        yield _Pair(entry, own, place_of([*names, *key(entry.path)]))


def _labels_of(images: ArrayEntry, labels: list[ArrayEntry], *, alone: bool) -> ArrayEntry | None:
    """Return the labels that are named after images, those of the same number and one axis first.

    Images that are alone own the only labels, whatever both are called.
    """
    own = [entry for entry in labels if key(entry.path) == key(images.path)]
    own.sort(key=lambda entry: (_length(entry) != _length(images), len(entry.shape or ())))
    if own:
        return own[0]
    return labels[0] if len(labels) == 1 and alone else None


def without_labels(directory: Path, images: ArrayEntry) -> str:
    """Return the sentence that says how labels are given to an array of images."""
    count = _length(images)
    return (
        f"{directory / images.path} holds {count} images without labels: put an array of shape "
        f"({count},) beside it, named after it as in x_train.npy and y_train.npy"
    )


def can_be_labels(entry: ArrayEntry) -> bool:
    """Return whether an array has the shape of labels and, with more than one axis, their name."""
    shape = entry.shape or ()
    if len(shape) == 1 or shape[1:] == (1,):
        return True
    return len(shape) == 2 and shape[1] <= MOST_CLASSES and calls_labels(entry.path)


def _length(entry: ArrayEntry) -> int:
    assert entry.shape
    return entry.shape[0]
