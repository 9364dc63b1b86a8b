"""The labels of a packed data set: numbers or names on disk become positions among class names."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nas.common.artefacts import read_json
from nas.common.errors import UserError
from nas.data.arrays import ArrayEntry
from nas.data.classes import DARK_MATTER, canonical_name, label_order
from nas.data.formats.opening import open_arrays
from nas.data.formats.stored import UnreadableImageError
from nas.data.reading import pick

LabelValues = npt.NDArray[Any]

MOST_CLASSES = 100
"""An array with more distinct values than this holds measurements, not classes."""

# Beyond this not every whole number is a float.
_LARGEST = 2**53


@dataclass(frozen=True)
class Labels:
    """The labels of all arrays of a data set.

    Attributes:
        classes: class names in label order.
        numbers: labels of each array, (N,) positions in ``classes``.
        note: sentence about what was assumed; empty where nothing was.
    """

    classes: tuple[str, ...]
    numbers: tuple[npt.NDArray[np.int64], ...]
    note: str = ""


def read_labels(directory: Path, entry: ArrayEntry) -> LabelValues:
    """Return labels, which are numbers or names, as an array (N,).

    Args:
        directory: data directory.
        entry: array of labels in it: (N,), (N, 1), or one-hot (N, K).

    Raises:
        UserError: the array holds anything but labels.
    """
    path = directory / entry.path
    try:
        with open_arrays(directory / entry.file) as arrays:
            values: LabelValues = pick(arrays, entry.array).whole()
    except (OSError, UnreadableImageError) as error:
        raise UserError(
            f"{path} cannot be read as labels: save them as an array of whole numbers or names"
        ) from error
    if values.ndim == 2 and values.shape[1] > 1:
        values = _from_one_hot(path, values)
    values = values.reshape(-1)
    if values.dtype.kind == "S":
        values = np.char.decode(values, "utf-8", "backslashreplace")
    whole = values.dtype.kind in "biu" or (
        values.dtype.kind == "f"
        and bool((np.abs(values) < _LARGEST).all() and (values == np.floor(values)).all())
    )
    if not (whole or values.dtype.kind == "U") or len(np.unique(values)) > MOST_CLASSES:
        raise UserError(
            f"{path} does not hold class labels: save them as an array of whole numbers or names"
        )
    return values if values.dtype.kind == "U" else values.astype(np.int64)


def _from_one_hot(path: Path, values: LabelValues) -> LabelValues:
    """Return the position of the one in every row (N,)."""
    if (
        values.dtype.kind not in "biuf"
        or not np.isin(values, (0, 1)).all()
        or not (values.sum(axis=1) == 1).all()
    ):
        raise UserError(
            f"{path} holds {values.shape[1]} values for each image, which are no class labels: "
            "save one whole number or name for each, or rows of zeros with a single one"
        )
    positions: LabelValues = values.argmax(axis=1)
    return positions


def name_classes(path: Path, labels: list[LabelValues], given: tuple[str, ...]) -> Labels:
    """Name the classes of all labels of a data set.

    Args:
        path: file of the first labels, which errors name.
        labels: labels of each array, as ``read_labels`` returned them.
        given: class names by label; an empty tuple takes them from the labels.

    Raises:
        UserError: the given names are not all different, or do not fit the labels.
    """
    names = tuple(canonical_name(name) or name for name in given)
    if len(set(names)) < len(names):
        raise UserError(
            f"--classes names a class twice ({', '.join(names)}): give each label its own class"
        )
    values = np.unique(np.concatenate(labels))
    position: dict[Any, int]
    if values.dtype.kind == "U":
        own = {str(value): canonical_name(str(value)) or str(value) for value in values}
        names, note = names or label_order(own.values()), ""
        if unknown := sorted(set(own.values()) - set(names)):
            raise UserError(
                f"{path} holds labels that --classes does not name: {', '.join(unknown)}"
            )
        position = {value: names.index(name) for value, name in own.items()}
    else:
        numbers = [int(value) for value in values]
        names, note = _name_numbers(path, numbers, names)
        position = dict(zip(numbers, range(len(numbers)), strict=True))
        if len(names) != len(numbers):  # Some class has no images, and labels count from 0.
            position = {number: number for number in numbers}
    look_up = np.vectorize(position.__getitem__, otypes=[np.int64])
    return Labels(
        names, tuple(look_up(part) if part.size else part.astype(np.int64) for part in labels), note
    )


def _name_numbers(
    path: Path, numbers: list[int], given: tuple[str, ...]
) -> tuple[tuple[str, ...], str]:
    """Return the class names of distinct labels in rising order, and a note of what was assumed."""
    if given:
        if len(given) != len(numbers) and not 0 <= min(numbers) <= max(numbers) < len(given):
            raise UserError(
                f"{path} holds the labels {', '.join(map(str, numbers))}, but there are "
                f"{len(given)} class names ({', '.join(given)}): give one for each label with "
                "--classes"
            )
        return given, ""
    if numbers == [0, 1, 2]:
        return (
            DARK_MATTER,
            f"labels 0, 1, 2 taken for {', '.join(DARK_MATTER)}: say otherwise with --classes",
        )
    return tuple(
        f"class_{number}" for number in numbers
    ), "the labels are numbers: name the classes with --classes"


def read_description(path: Path) -> tuple[str, tuple[str, ...]]:
    """Return what a description of ours says of its data set: its kind, and the class names.

    The kind is ``simulated``, or ``given`` for the arrays of a program; both are empty where the
    file is missing or describes something else.
    """
    try:
        description = read_json(path)
        kind, classes = description["kind"], tuple(map(str, description["classes"]))
        if kind == "given" or (kind == "simulated" and isinstance(description["settings"], dict)):
            return kind, classes
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return "", ()
