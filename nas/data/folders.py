"""Data sets in folders: a file is an image, its folder a class, names around it tell the split.

A file can also be all images of its class: the only one in its folder, or one that is called like
the class.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from nas.common.errors import UserError
from nas.data.arrays import ArrayEntry, class_path, class_stem, is_stack, known_class, names_class
from nas.data.classes import canonical_name, label_order
from nas.data.formats.opening import ARRAYS, PICTURES, READABLE, ending
from nas.data.layout import SPLITS, Layout
from nas.data.options import ChannelAxis
from nas.data.packed import without_labels
from nas.data.place import (
    Place,
    only_root,
    place_of,
    settle,
    split_affix,
    split_name,
    split_of_directory,
)
from nas.data.tree import FileEntry, printable


class _Folder(NamedTuple):
    """The class and the place that the path of a folder of images tells."""

    class_name: str
    place: Place


def find_folders(
    directory: Path,
    entries: Sequence[FileEntry],
    arrays: Sequence[ArrayEntry],
    *,
    splits: bool = True,
    channel_axis: ChannelAxis = "auto",
) -> Layout:
    """Read the class and the split of every file off its path.

    Args:
        directory: data directory.
        entries: files of the data directory.
        arrays: arrays and pictures of the data directory.
        splits: whether folder names can tell splits; False takes every folder name for a class.
        channel_axis: where the channels of a three-dimensional array are.

    Raises:
        UserError: there are no folders of images, or they belong to several data sets.
    """
    files = image_folders(arrays)
    read = _folder if splits else _class_folder
    folders = {path: folder for path in files if (folder := read(path)) is not None}
    _require_folders(directory, entries, files, folders, channel_axis)
    known = [folder for folder in folders.values() if is_known(folder.class_name)]
    root = only_root(directory, (folder.place.root for folder in known or _leaves(folders)))
    used = {path: folder for path, folder in folders.items() if folder.place.root == root}
    meaning = settle(
        (folder.place.split for folder in used.values()),
        split_of_directory(directory) if splits else "all",
    )
    classes = label_order(folder.class_name for folder in used.values())
    # One image would be no class, so that the one array of every class holds many.
    alone = all(len(files[path]) == 1 for path in used)
    rows = [
        (*image, classes.index(folder.class_name), SPLITS.index(meaning[folder.place.split]))
        for path, folder in used.items()
        for entry in files[path]
        for image in _images(entry, channel_axis, alone=alone)
    ]
    # Names stay Python's own strings, since those of pandas hold no name that is not UTF-8.
    columns = ["file", "array", "row", "label", "split"]
    images = pd.DataFrame(rows, columns=columns, dtype=object).astype(
        {"row": "int64", "label": "int64", "split": "int64"}
    )
    others = sorted({*files} - {*used, ""})
    others += [entry.path for entry in files.get("", ()) if len(entry.shape or ()) > 2]
    passed_over = ", ".join(others)
    notes = [f"passed over, not part of the data set: {passed_over}"] if passed_over else []
    return Layout(
        "class_folders" if set(meaning.values()) == {"all"} else "split_folders",
        classes,
        images,
        (*notes, *note_others(entries, used)),
    )


def _images(
    entry: ArrayEntry, channel_axis: ChannelAxis, *, alone: bool
) -> Iterator[tuple[str, str, int]]:
    """Yield file, array and row of all images in an array; the row of a single one is -1."""
    if entry.shape and is_stack(entry.shape, channel_axis, alone=alone or names_class(entry)):
        yield from ((entry.file, entry.array, row) for row in range(entry.shape[0]))
    else:
        yield entry.file, entry.array, -1


def image_folders(arrays: Iterable[ArrayEntry]) -> dict[str, list[ArrayEntry]]:
    """Return all arrays and pictures, by the path that tells their class."""
    folders: dict[str, list[ArrayEntry]] = defaultdict(list)
    arrays = list(arrays)
    stacks = {entry.folder for entry in arrays if names_class(entry)}
    for entry in arrays:
        path = class_path(entry)
        # Among arrays of whole classes a file of unknown shape that is called so is no stray one.
        if entry.folder in stacks and entry.shape is None and ending(entry.file) in ARRAYS:
            own = class_stem(entry.path)
            path = f"{path}/{own}".lstrip("/") if known_class(own) else path
        folders[path].append(entry)
    return folders


def note_others(entries: Iterable[FileEntry], folders: Iterable[str]) -> tuple[str, ...]:
    """Return a note of the files beside images that cannot be images, or none.

    Args:
        entries: files of the data directory.
        folders: folders of the images.
    """
    beside = set(folders)
    others = [entry for entry in entries if entry.path.rpartition("/")[0] in beside]
    counted = count_endings(other for other in others if not is_image_file(other))
    return (f"passed over, no images by their endings: {counted}",) if counted else ()


def is_image_file(entry: FileEntry) -> bool:
    """Return whether a file can be an image or an array, by its ending."""
    return ending(entry.path) in ARRAYS | PICTURES


def count_endings(entries: Iterable[FileEntry]) -> str:
    """Return how many files there are of each ending, the most frequent first.

    Example:
        >>> from nas.data.tree import FileEntry
        >>> count_endings(FileEntry(path, 1, 0) for path in ("a.mat", "b.mat", "README"))
        '2 .mat, 1 without ending'
    """
    counts = Counter(printable(ending(entry.path)) or "without ending" for entry in entries)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {name}" for name, count in ranked)


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
    directory: Path,
    entries: Sequence[FileEntry],
    files: dict[str, list[ArrayEntry]],
    folders: dict[str, _Folder],
    channel_axis: ChannelAxis,
) -> None:
    if folders:
        return
    found = [entry for path in files for entry in files[path]]
    for entry in found:
        if is_stack(entry.shape, channel_axis, alone=False):
            raise UserError(without_labels(directory, entry))
    if found and all(entry.problem for entry in found):
        raise UserError(
            f"{directory / found[0].path} {found[0].problem}: give arrays images (N, C, H, W) and "
            "labels (N,), or a folder of images for each class"
        )
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
        f"{directory} holds no folders of images, but {count_endings(entries)}: save images as "
        f"{READABLE}, with a folder for each class"
    )
