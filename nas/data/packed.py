"""Packed data sets: one array of images and one array of labels.

Models F and J are passed around in this layout, and simulated data sets have it too.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.data.labels import name_classes, read_labels, read_simulated_classes
from nas.data.layout import SPLITS, Layout, Split
from nas.data.place import Place, only_root, place_of, settle, split_of_directory
from nas.data.reading import UnreadableImageError, npy_header
from nas.data.tree import FileEntry

METADATA = "dataset.json"
"""File beside the arrays of a simulated data set with its class names, settings and versions."""

_IMAGE_WORDS = frozenset({"images", "image", "imgs", "img", "x", "data", "inputs"})
_LABEL_WORDS = frozenset({"labels", "label", "y", "targets", "target", "classes"})

# A folder with more arrays than this has one image in each file, and reading all their headers
# would be for nothing.
_MOST_ARRAYS = 64

# This stands in place of the shape of a file that cannot be opened.
_LOCKED = ()


class _Pair(NamedTuple):
    """An array of images and the array of their labels, as paths below the data directory."""

    images: str
    labels: str
    place: Place


def find_packed(
    directory: Path, entries: list[FileEntry], classes: tuple[str, ...] = ()
) -> Layout | None:
    """Find pairs of arrays in the same folder, one of images and one of their labels.

    Images are (N, C, H, W) or (N, H, W), labels (N,) or (N, 1).

    Args:
        directory: data directory.
        entries: files of the data directory.
        classes: class names by label. Without them the names are those of a simulation, the labels
            themselves where they are names, or the three dark-matter models for the labels 0, 1, 2.

    Returns:
        The layout, or None where there is no such pair.

    Raises:
        UserError: images and labels do not match, labels are outside the class names, or there are
            several data sets.
    """
    pairs = list(_pairs(directory, entries))
    if not pairs:
        return None
    only_root(directory, (pair.place.root for pair in pairs))
    meaning = settle((pair.place.split for pair in pairs), split_of_directory(directory))
    simulated = read_simulated_classes((directory / pairs[0].images).with_name(METADATA))
    labels = [read_labels(directory / pair.labels) for pair in pairs]
    named = name_classes(directory / pairs[0].labels, labels, classes or simulated)
    images = pd.concat(
        [_table(pair, meaning, part) for pair, part in zip(pairs, named.numbers, strict=True)]
    )
    name = "simulated" if simulated else "packed"
    return Layout(
        name, named.classes, images.reset_index(drop=True), (named.note,) if named.note else ()
    )


def _table(
    pair: _Pair, meaning: dict[Split, Split], numbers: npt.NDArray[np.int64]
) -> pd.DataFrame:
    split = SPLITS.index(meaning[pair.place.split])
    return pd.DataFrame(
        {"file": pair.images, "row": np.arange(len(numbers)), "label": numbers, "split": split}
    )


def _pairs(directory: Path, entries: list[FileEntry]) -> Iterator[_Pair]:
    folders: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        parent, _, filename = entry.path.rpartition("/")
        if filename.lower().endswith(".npy"):
            folders[parent].append(entry.path)
    for parent, paths in folders.items():
        if len(paths) <= _MOST_ARRAYS:
            shapes = {
                path: shape for path in paths if (shape := _shape(directory / path)) is not None
            }
            yield from _pairs_in_folder(directory, parent, shapes)


def _pairs_in_folder(
    directory: Path, parent: str, shapes: dict[str, tuple[int, ...]]
) -> Iterator[_Pair]:
    labels = {
        _key(path): path for path, shape in shapes.items() if len(shape) == 1 or shape[1:] == (1,)
    }
    images = {_key(path): path for path, shape in shapes.items() if len(shape) == 4}
    lengths = {shapes[path][0] for path in labels.values()}
    if labels and not images and (locked := [path for path in shapes if shapes[path] == _LOCKED]):
        raise UserError(f"{directory / locked[0]} cannot be read: check its permissions")
    if not images:
        images = {
            _key(path): path
            for path, shape in shapes.items()
            if len(shape) == 3 and shape[0] in lengths
        }
    for key, path in images.items():
        own = labels.get(key) or (
            next(iter(labels.values())) if len(labels) == len(images) == 1 else None
        )
        if own is None:
            raise UserError(
                f"{directory / path} holds {shapes[path][0]} images without labels: put an array "
                f"of shape ({shapes[path][0]},) beside it, named after it as in x_train.npy and "
                "y_train.npy"
            )
        if shapes[path][0] != shapes[own][0]:
            raise UserError(
                f"{directory / path} holds {shapes[path][0]} images but {directory / own} "
                f"{shapes[own][0]} labels: give files that belong together"
            )
        names = [name for name in parent.split("/") if name]
        yield _Pair(path, own, place_of([*names, *key]))


def _shape(path: Path) -> tuple[int, ...] | None:
    """Return the shape of an array of numbers or names, or None for all else, as an axion file."""
    try:
        shape, dtype = npy_header(path)
    except UnreadableImageError:
        return None
    except OSError:
        return _LOCKED
    return None if dtype.hasobject else shape


def _key(path: str) -> tuple[str, ...]:
    """Return the words of a file name that say neither images nor labels.

    They are equal for ``x_train`` and ``y_train``, which are a pair.
    """
    words = re.split(r"[_\-. ]+", Path(path).stem.lower())
    return tuple(word for word in words if word not in _IMAGE_WORDS | _LABEL_WORDS)
