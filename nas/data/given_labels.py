"""The labels that a program holds: whole numbers or names become positions among class names."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nas.common.errors import UserError
from nas.data.classes import canonical_name, label_order
from nas.data.layout import Split


def told(name: Split) -> str:
    """Return how a sentence calls the images or labels of a split."""
    return "" if name == "all" else f"{name} "


def name_given_labels(
    given: Mapping[Split, npt.NDArray[Any]], classes: Sequence[str] | None, least: int = 2
) -> tuple[list[str], dict[Split, npt.NDArray[np.int64]]]:
    """Return the class names, and the labels of each split as positions among them.

    Args:
        given: labels of each split, (N,) or (N, 1) whole numbers or class names.
        classes: class names by label; None for those that the labels tell.
        least: how many classes there must be.

    Raises:
        UserError: the labels are none, or are outside the classes.
    """
    labels = {name: _flat(name, part) for name, part in given.items()}
    if len({part.dtype.kind for part in labels.values()}) > 1:
        raise UserError("some labels are numbers and others names: give one or the other")
    values = np.unique(np.concatenate(list(labels.values()))).tolist()
    known, names = _meanings(values, classes)
    if len(set(names)) < len(names):
        raise UserError(
            f"a class is named twice ({', '.join(names)}): give each label a class of its own"
        )
    if outside := [value for value in values if value not in known]:
        raise UserError(
            f"the label {outside[0]} is none of the {len(names)} classes ({', '.join(names)}): "
            "give labels from 0, in the order of classes, or class names"
        )
    if unused := [name for name, value in zip(names, known, strict=True) if value not in values]:
        raise UserError(f"no image is of class {unused[0]}: leave it out, or give images of it")
    if len(names) < least:
        raise UserError(
            f"all images are of one class, {names[0]}: give images of two classes or more"
        )
    position = {value: number for number, value in enumerate(known)}
    look_up = np.vectorize(position.__getitem__, otypes=[np.int64])
    return names, {name: look_up(part) for name, part in labels.items()}


def _meanings(
    values: Sequence[Any], classes: Sequence[str] | None
) -> tuple[Sequence[Any], list[str]]:
    """Return the labels that there can be, in label order, and the class names that they mean."""
    if isinstance(values[0], str):
        rank = {name: place for place, name in enumerate(label_order(map(_name, values)))}
        known = classes or sorted(values, key=lambda value: rank[_name(value)])
        return known, [_name(value) for value in known]
    if classes is None:
        return values, [f"class_{value}" for value in values]
    return range(len(classes)), [_name(name) for name in classes]


def _name(name: str) -> str:
    return canonical_name(name) or name


def _flat(name: Split, labels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the labels of a split (N,), whole numbers or names."""
    if labels.shape not in ((len(labels),), (len(labels), 1)):
        raise UserError(
            f"{told(name)}labels have shape {labels.shape}: give one label for each image, (N,)"
        )
    flat = labels.reshape(-1)
    if flat.dtype.hasobject and all(isinstance(label, str) for label in flat):
        flat = flat.astype(np.str_)  # as pandas has names
    if flat.dtype.kind == "f" and (np.isfinite(flat) & (flat == np.floor(flat))).all():
        flat = flat.astype(np.int64)
    if flat.dtype.kind not in "biuU":
        raise UserError(
            f"{told(name)}labels are of type {flat.dtype}: give whole numbers or class names, "
            "and what is to be learned by regression as numbers"
        )
    return flat if flat.dtype.kind == "U" else flat.astype(np.int64)
