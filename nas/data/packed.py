"""Packed data sets: one array of images and one of labels, as Models F and J are passed around and as we simulate."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.data.classes import DARK_MATTER, canonical_name, label_order
from nas.data.layout import SPLITS, Layout, Split
from nas.data.reading import UnreadableImageError, npy_header
from nas.data.tree import Entry, split_name
from nas.errors import UserError

METADATA = "dataset.json"
"""Beside the arrays of a simulated data set: its class names, settings and versions."""

_IMAGE_WORDS = frozenset({"images", "image", "imgs", "img", "x", "data", "inputs"})
_LABEL_WORDS = frozenset({"labels", "label", "y", "targets", "target", "classes"})

# A folder with more arrays than this holds an image a file; reading all their headers would be for nothing.
_MOST_ARRAYS = 64


class _Pair(NamedTuple):
    """An array of images and its labels, as paths below the data directory."""

    images: str
    labels: str
    split: Split


def find_packed(directory: Path, entries: list[Entry], classes: tuple[str, ...] = ()) -> Layout | None:
    """Find arrays of images, (N, C, H, W) or (N, H, W), with as many labels, (N,) or (N, 1), in the same folder.

    Args:
        directory: the data directory.
        entries: its files.
        classes: class names by label; without them, those of a ``dataset.json`` beside the arrays, the labels
            themselves where they are names, or the three dark-matter models for the labels 0, 1, 2.

    Returns:
        None where there is no such pair.

    Raises:
        UserError: images and labels do not match, or labels are outside the class names.
    """
    pairs = list(_pairs(directory, entries))
    if not pairs:
        return None
    labels = [_read_labels(directory / pair.labels) for pair in pairs]
    metadata = _metadata(directory / pairs[0].images)
    names, notes = _class_names(np.concatenate(labels), classes or metadata.get("classes", ()))
    frames = [
        pd.DataFrame(
            {
                "file": pair.images,
                "row": np.arange(len(values)),
                "label": _label_numbers(directory / pair.labels, values, names),
                "split": SPLITS.index(pair.split),
            }
        )
        for pair, values in zip(pairs, labels, strict=True)
    ]
    name = "simulated" if metadata.get("kind") == "simulated" else "packed"
    return Layout(name, names, pd.concat(frames, ignore_index=True), notes)


def _pairs(directory: Path, entries: list[Entry]) -> Iterator[_Pair]:
    folders: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        parent, _, filename = entry.path.rpartition("/")
        if filename.lower().endswith(".npy"):
            folders[parent].append(entry.path)
    for parent, paths in folders.items():
        if len(paths) > _MOST_ARRAYS:
            continue
        shapes = {path: shape for path in paths if (shape := _shape(directory / path)) is not None}
        labels = {_key(path): path for path, shape in shapes.items() if len(shape) == 1 or shape[1:] == (1,)}
        images = {_key(path): path for path, shape in shapes.items() if len(shape) == 4}
        if labels and not images:
            lengths = {shapes[path][0] for path in labels.values()}
            images = {_key(path): path for path, s in shapes.items() if len(s) == 3 and s[0] in lengths}
        for key, path in images.items():
            own = labels.get(key) or (next(iter(labels.values())) if len(labels) == len(images) == 1 else None)
            if own is None:
                continue
            if shapes[path][0] != shapes[own][0]:
                raise UserError(
                    f"{directory / path} holds {shapes[path][0]} images but {directory / own} {shapes[own][0]} labels: "
                    "give files that belong together"
                )
            words = (*parent.split("/")[::-1], *key)
            split: Split = next((s for word in words[::-1] if (s := split_name(word))), "all")
            yield _Pair(path, own, split)


def _shape(path: Path) -> tuple[int, ...] | None:
    """The shape of an array of plain numbers or names; None for anything else, such as an axion file."""
    try:
        shape, dtype = npy_header(path)
    except UnreadableImageError:
        return None
    return None if dtype.hasobject else shape


def _key(path: str) -> tuple[str, ...]:
    """The words of a file name that say neither images nor labels: ``x_train`` and ``y_train`` are a pair."""
    words = re.split(r"[_\-. ]+", Path(path).stem.lower())
    return tuple(word for word in words if word not in _IMAGE_WORDS | _LABEL_WORDS)


def _read_labels(path: Path) -> npt.NDArray[Any]:
    try:
        return np.asarray(np.load(path, allow_pickle=False)).reshape(-1)
    except ValueError as error:
        raise UserError(f"{path} does not hold plain labels: save them as an array of integers or names") from error


def _metadata(images: Path) -> dict[str, Any]:
    path = images.parent / METADATA
    if not path.is_file():
        return {}
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path} is damaged: simulate the data set again") from error
    return metadata if isinstance(metadata, dict) else {}


def _class_names(labels: npt.NDArray[Any], given: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the class names and the sentences about what was assumed."""
    if given:
        return tuple(canonical_name(name) or name for name in given), ()
    distinct = np.unique(labels)
    if distinct.dtype.kind in "US":
        return label_order(canonical_name(str(name)) or str(name) for name in distinct), ()
    if set(distinct.tolist()) <= {0, 1, 2} and len(distinct) == 3:
        return DARK_MATTER, (f"labels 0, 1, 2 taken for {', '.join(DARK_MATTER)}: say otherwise with --classes",)
    names = tuple(f"class_{int(label)}" for label in range(int(distinct.max()) + 1))
    return names, ("the arrays do not name their classes: name them with --classes",)


def _label_numbers(path: Path, labels: npt.NDArray[Any], names: tuple[str, ...]) -> npt.NDArray[np.int64]:
    if labels.dtype.kind in "US":
        own = [canonical_name(str(name)) or str(name) for name in labels]
        if unknown := set(own) - set(names):
            raise UserError(f"{path} holds labels that --classes does not name: {', '.join(sorted(unknown))}")
        return np.array([names.index(name) for name in own], dtype=np.int64)
    numbers = labels.astype(np.int64)
    if np.any(numbers != labels) or numbers.min() < 0 or numbers.max() >= len(names):
        raise UserError(f"{path} holds labels outside 0 to {len(names) - 1}: there are {len(names)} class names")
    return numbers
