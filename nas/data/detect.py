"""The detection of how a data directory is laid out.

Two families cover the public data sets. In *folders* each file is an image, and the names of the
directories tell class and split. In *packed* data sets there is one array of images beside one
array of labels; our own simulations belong to this family.
"""

from dataclasses import replace
from pathlib import Path

from nas.common.errors import UserError
from nas.data.folders import find_folders, image_folders, is_known
from nas.data.layout import Layout
from nas.data.options import LayoutName
from nas.data.packed import find_packed
from nas.data.tree import FileEntry
from nas.data.unlabelled import find_images


def find_layout(
    directory: Path,
    entries: list[FileEntry],
    name: LayoutName = "auto",
    classes: tuple[str, ...] = (),
) -> Layout:
    """Find the layout of a data directory.

    Args:
        directory: data directory.
        entries: files of the data directory, as ``scan`` found them.
        name: ``auto``, or the layout itself where the guess is wrong. ``class_folders`` takes every
            folder name for a class and none for a split, ``unlabelled`` takes all images for one
            class.
        classes: class names by label, for a packed array that does not tell them.

    Raises:
        UserError: no layout fits, several data sets are mixed, or there is one class only.
    """
    if name == "unlabelled":
        return find_images(directory, entries)
    layout = find_packed(directory, entries, classes) if name in ("auto", "packed") else None
    if layout is None and name == "packed":
        raise UserError(
            f"{directory} holds no array of images with an array of as many labels beside it"
        )
    if layout is not None and name == "auto":
        layout = _alone(directory, layout, entries)
    if layout is None:
        layout = find_folders(directory, entries, splits=name != "class_folders")
    if len(layout.classes) < 2:
        raise UserError(
            f"{directory} holds one class only ({', '.join(layout.classes)}): give the folder "
            "that holds all classes, or --layout class_folders if every folder is one"
        )
    return layout


def _alone(directory: Path, packed: Layout, entries: list[FileEntry]) -> Layout:
    """Refuse packed arrays beside a data set in folders, and note other folders of images."""
    own = {file.rpartition("/")[0] for file in packed.images["file"].unique()}
    others = sorted(set(image_folders(entries)) - own - {""})
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
