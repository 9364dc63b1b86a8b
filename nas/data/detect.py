"""The detection of how a data directory is laid out.

Two families cover the public data sets. In *folders* each file is an image, or all images of a
class, and the names of the directories tell class and split. In *packed* data sets there is one
array of images beside one array of labels; our own simulations belong to this family.
"""

from dataclasses import replace
from pathlib import Path

from nas.common.errors import UserError
from nas.data.arrays import ArrayEntry, find_arrays
from nas.data.catalogue import find_catalogued
from nas.data.folders import find_folders, image_folders, is_known
from nas.data.layout import Layout
from nas.data.options import LAYOUTS, ReadOptions
from nas.data.packed import find_packed
from nas.data.tree import FileEntry
from nas.data.unlabelled import find_images


def find_layout(directory: Path, entries: list[FileEntry], options: ReadOptions) -> Layout:
    """Find the layout of a data directory.

    Args:
        directory: data directory.
        entries: files of the data directory, as ``scan`` found them.
        options: how to read the directory, where the guess is wrong.

    Raises:
        UserError: no layout fits, several data sets are mixed, or there is one class only.
    """
    name, axis = options.layout, options.channel_axis
    if name not in LAYOUTS.built_in:
        return _of_classes(directory, find_catalogued(directory, name))
    arrays = find_arrays(directory, entries)
    if name == "unlabelled":
        return find_images(directory, entries, arrays, axis)
    layout = find_packed(directory, arrays, options.classes) if name in ("auto", "packed") else None
    if layout is None and name == "packed":
        raise UserError(
            f"{directory} holds no array of images with an array of as many labels beside it"
        )
    if layout is not None and name == "auto":
        layout = _alone(directory, layout, arrays)
    if layout is None:
        splits = name != "class_folders"
        layout = find_folders(directory, entries, arrays, splits=splits, channel_axis=axis)
    return _of_classes(directory, layout)


def _of_classes(directory: Path, layout: Layout) -> Layout:
    """Refuse a layout of one class."""
    if len(layout.classes) < 2:
        raise UserError(
            f"{directory} holds one class only ({', '.join(layout.classes)}): give the folder "
            "that holds all classes, or --layout class_folders if every folder is one"
        )
    return layout


def _alone(directory: Path, packed: Layout, arrays: list[ArrayEntry]) -> Layout:
    """Refuse packed arrays beside a data set in folders, and note other folders of images."""
    files = set(packed.images["file"])
    own = {file.rpartition("/")[0] for file in files}
    others = sorted(
        set(image_folders(entry for entry in arrays if entry.file not in files)) - own - {""}
    )
    if any(is_known(part) for path in others for part in path.split("/")):
        raise UserError(
            f"{directory} holds packed arrays ({packed.images['file'].iloc[0]}) beside folders of "
            f"images ({', '.join(others)}): give the folder of one of them, or choose with "
            "--layout"
        )
    if not others:
        return packed
    return replace(
        packed, notes=(*packed.notes, f"passed over, not part of the data set: {', '.join(others)}")
    )
