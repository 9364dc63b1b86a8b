"""Data sets in folders: a file is an image, its folder a class, names around it tell the split."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from nas.common.errors import UserError
from nas.data.classes import canonical_name, label_order
from nas.data.layout import SPLITS, Layout
from nas.data.place import (
    Place,
    only_root,
    place_of,
    settle,
    split_affix,
    split_name,
    split_of_directory,
)
from nas.data.reading import SUFFIXES
from nas.data.tree import FileEntry, printable


class _Folder(NamedTuple):
    """The class and the place that the path of a folder of images tells."""

    class_name: str
    place: Place


def find_folders(directory: Path, entries: list[FileEntry], *, splits: bool = True) -> Layout:
    """Read the class and the split of every file off its path.

    Args:
        directory: data directory.
        entries: files of the data directory.
        splits: whether folder names can tell splits; False takes every folder name for a class.

    Raises:
        UserError: there are no folders of images, or they belong to several data sets.
    """
    files = image_folders(entries)
    read = _folder if splits else _class_folder
    folders = {path: folder for path in files if (folder := read(path)) is not None}
    _require_folders(directory, files, folders)
    known = [folder for folder in folders.values() if is_known(folder.class_name)]
    root = only_root(directory, (folder.place.root for folder in known or _leaves(folders)))
    used = {path: folder for path, folder in folders.items() if folder.place.root == root}
    meaning = settle(
        (folder.place.split for folder in used.values()),
        split_of_directory(directory) if splits else "all",
    )
    classes = label_order(folder.class_name for folder in used.values())
    rows = [
        (path, -1, classes.index(folder.class_name), SPLITS.index(meaning[folder.place.split]))
        for parent, folder in used.items()
        for path in files[parent]
    ]
    # Names stay Python's own strings, since those of pandas hold no name that is not UTF-8.
    images = pd.DataFrame(rows, columns=["file", "row", "label", "split"], dtype=object).astype(
        {"row": "int64", "label": "int64", "split": "int64"}
    )
    passed_over = sorted(set(files) - set(used) - {""})
    notes = (
        (f"passed over, not part of the data set: {', '.join(passed_over)}",) if passed_over else ()
    )
    name = "class_folders" if set(meaning.values()) == {"all"} else "split_folders"
    return Layout(name, classes, images, notes)


def image_folders(entries: Iterable[FileEntry]) -> dict[str, list[str]]:
    """Return the paths of all files in folders of images, by the path of their folder.

    A folder of images holds at least one array or picture.
    """
    files: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        parent, _, _ = entry.path.rpartition("/")
        files[parent].append(entry.path)
    return {
        parent: paths
        for parent, paths in files.items()
        if any(Path(p).suffix.lower() in SUFFIXES for p in paths)
    }


def is_known(class_name: str) -> bool:
    """Return whether a class name is one that public data sets use."""
    return canonical_name(class_name) is not None


def _class_folder(path: str) -> _Folder | None:
    root, _, name = path.rpartition("/")
    return _Folder(canonical_name(name) or printable(name), Place(root, "all")) if name else None


def _folder(path: str) -> _Folder | None:
    """Read class and place off a path.

    Public data sets have paths such as ``Model_I_test/cdm``, ``dataset/train/no``,
    ``train_lenses``, ``no_sub/part_1`` and ``sub/train``.

    Returns:
        None for a folder that cannot be a class: the data directory itself, or a folder that is
        called like a split.
    """
    parts = path.split("/")
    known = [i for i, part in enumerate(parts) if is_known(part) or is_known(split_affix(part)[1])]
    depth = known[-1] if known else len(parts) - 1
    if not path or split_name(parts[depth]):
        return None
    name, around = parts[depth], parts[:depth]
    if not is_known(name):
        split, name = split_affix(name)
        around += [split] if split else []
    # Below a known class only splits mean something: no_sub/test, but not no_sub/part_1.
    around += [part for part in parts[depth + 1 :] if split_name(part)]
    return _Folder(canonical_name(name) or printable(name), place_of(around))


def _leaves(folders: dict[str, _Folder]) -> list[_Folder]:
    """Return the folders without a folder of images below them.

    So a stray picture does not make a class of the folder above the classes.
    """
    above = {str(parent) for path in folders for parent in PurePosixPath(path).parents}
    return [folder for path, folder in folders.items() if path not in above]


def _require_folders(
    directory: Path, files: dict[str, list[str]], folders: dict[str, _Folder]
) -> None:
    if folders:
        return
    if "" in files:
        raise UserError(
            f"{directory} holds images of one class only: give the folder above it, which holds "
            "all classes"
        )
    if files:
        raise UserError(
            f"{directory} holds images in {', '.join(sorted(files))} without a folder for each "
            "class: sort them into folders, or give --layout class_folders if these are the "
            "classes"
        )
    raise UserError(
        f"{directory} holds no folders of images (.npy or pictures), one for each class"
    )
