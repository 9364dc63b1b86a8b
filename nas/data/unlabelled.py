"""Images without classes or splits, found in every folder below a directory."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from nas.common.errors import UserError
from nas.data.arrays import ArrayEntry, is_stack, names_class
from nas.data.folders import count_endings, note_others
from nas.data.formats.opening import READABLE
from nas.data.layout import SPLITS, Layout
from nas.data.options import ChannelAxis
from nas.data.packed import can_be_labels
from nas.data.tree import FileEntry


def find_images(
    directory: Path,
    entries: Sequence[FileEntry],
    arrays: Sequence[ArrayEntry],
    channel_axis: ChannelAxis = "auto",
) -> Layout:
    """Find all images of a directory, and take them for one class, ``unlabelled``.

    Files hold one image each, and arrays (N, C, H, W) hold many. Arrays that can only be labels,
    (N,) or (N, 1), are passed over.

    Args:
        directory: directory of the images.
        entries: files of the directory.
        arrays: arrays and pictures of the directory.
        channel_axis: where the channels of a three-dimensional array are.

    Raises:
        UserError: there are no images.
    """
    labels = [entry for entry in arrays if _is_no_image(entry)]
    rows = [row for entry in arrays for row in _rows(entry, arrays, channel_axis)]
    images = pd.DataFrame(rows, columns=["file", "array", "row"], dtype=object).astype(
        {"row": "int64"}
    )
    if images.empty:
        raise UserError(
            f"{directory} holds no image, but {count_endings(entries)}: give a folder of {READABLE}"
        )
    notes = note_others(entries, {entry.file.rpartition("/")[0] for entry in arrays})
    if labels:
        names = ", ".join(entry.path for entry in labels)
        notes = (f"passed over, not images: {names}", *notes)
    return Layout(
        "unlabelled", ("unlabelled",), images.assign(label=0, split=SPLITS.index("all")), notes
    )


def _rows(
    entry: ArrayEntry, arrays: Sequence[ArrayEntry], channel_axis: ChannelAxis
) -> Iterator[tuple[str, str, int]]:
    if _is_no_image(entry):
        return
    named = names_class(entry) or _has_labels(entry, arrays)
    if entry.shape and is_stack(entry.shape, channel_axis, alone=named):
        yield from ((entry.file, entry.array, row) for row in range(entry.shape[0]))
    else:
        yield entry.file, entry.array, -1


def _has_labels(entry: ArrayEntry, arrays: Sequence[ArrayEntry]) -> bool:
    """Return whether there are as many labels in the same file."""
    return bool(entry.array and entry.shape) and any(
        other.file == entry.file and other.shape and other.shape[0] == (entry.shape or (0,))[0]
        for other in arrays
        if _is_no_image(other)
    )


def _is_no_image(entry: ArrayEntry) -> bool:
    """Return whether an array can only be labels; a file alone that has two axes is an image."""
    shape = entry.shape or ()
    return bool(shape) and can_be_labels(entry) and (bool(entry.array) or shape[1:] in ((), (1,)))
