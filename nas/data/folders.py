"""Folders of images: a file an image, the deepest folder a class, and the names above it the split."""

from collections import defaultdict
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pandas as pd

from nas.data.classes import canonical_name, label_order
from nas.data.layout import SPLITS, Layout, Split
from nas.data.reading import SUFFIXES
from nas.data.tree import Entry, split_affix, split_name
from nas.errors import UserError


class _Folder(NamedTuple):
    """What a directory of images says by its path."""

    root: str
    split: Split
    class_name: str


def find_folders(directory: Path, entries: list[Entry], *, splits: bool = True) -> Layout:
    """Read class and split of every file off its path.

    Args:
        directory: the data directory.
        entries: its files.
        splits: False takes every folder name for a class and none for a split.

    Raises:
        UserError: there are no folders of images, or they are of several data sets.
    """
    files: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        parent, _, _ = entry.path.rpartition("/")
        files[parent].append(entry.path)
    outside = _split_of_directory(directory) if splits else None
    folders = {
        parent: _folder(PurePosixPath(parent), outside) if splits else _class_folder(PurePosixPath(parent))
        for parent, paths in files.items()
        if parent and any(PurePosixPath(path).suffix.lower() in SUFFIXES for path in paths)
    }
    if not folders and any(PurePosixPath(path).suffix.lower() in SUFFIXES for path in files[""]):
        raise UserError(
            f"{directory} holds images of one class only: give the folder above it, which holds all classes"
        )
    if not folders:
        raise UserError(f"{directory} holds no folders of images (.npy or pictures), one for each class")
    root = _only_root(directory, set(folders.values()))
    used = {parent: folder for parent, folder in folders.items() if folder.root == root}
    has_splits = any(folder.split != "all" for folder in used.values())
    if has_splits:  # Model_I beside Model_I_test is the training split
        used = {p: folder._replace(split="train") if folder.split == "all" else folder for p, folder in used.items()}
    classes = label_order(folder.class_name for folder in used.values())
    images = pd.DataFrame(
        [
            (path, -1, classes.index(folder.class_name), SPLITS.index(folder.split))
            for parent, folder in used.items()
            for path in files[parent]
        ],
        columns=["file", "row", "label", "split"],
    )
    passed_over = sorted(set(folders) - set(used))
    notes = (f"passed over, not part of the data set: {', '.join(passed_over)}",) if passed_over else ()
    return Layout("split_folders" if has_splits else "class_folders", classes, images, notes)


def _class_folder(path: PurePosixPath) -> _Folder:
    root = "" if path.parent == PurePosixPath() else str(path.parent)
    return _Folder(root, "all", canonical_name(path.name) or path.name)


def _folder(path: PurePosixPath, outside: Split | None) -> _Folder:
    """Read root, split and class off a path: ``Model_I_test/cdm``, ``dataset/train/no``, ``train_lenses``."""
    parts = list(path.parts)
    # A known class above the deepest directory: no_sub/part_1/*.npy.
    depth = max((i for i, part in enumerate(parts) if canonical_name(part)), default=len(parts) - 1)
    class_split, class_name = split_affix(parts[depth])
    if canonical_name(parts[depth]):
        class_split, class_name = None, parts[depth]
    split, root = class_split, []
    for part in reversed(parts[:depth]):
        own, rest = split_name(part), part
        if own is None:
            own, rest = split_affix(part)
        else:
            rest = ""
        split = split or own
        root += [rest] if rest else []
    return _Folder("/".join(reversed(root)), split or outside or "all", canonical_name(class_name) or class_name)


def _split_of_directory(directory: Path) -> Split | None:
    """The split that the data directory itself is, where a sibling confirms it: Model_I_test beside Model_I."""
    resolved = directory.resolve()
    if split_name(resolved.name):
        siblings = {split_name(path.name) for path in resolved.parent.iterdir() if path.is_dir()}
        return split_name(resolved.name) if len(siblings - {None}) > 1 else None
    split, rest = split_affix(resolved.name)
    return split if split and (resolved.parent / rest).is_dir() else None


def _only_root(directory: Path, folders: set[_Folder]) -> str:
    """Return the one data set below the directory: the folders of known classes, or else the only group there is."""
    roots = {folder.root for folder in folders}
    known = {folder.root for folder in folders if canonical_name(folder.class_name)}
    candidates = known or roots
    if len(candidates) > 1:
        names = ", ".join(sorted(root or "." for root in candidates))
        raise UserError(f"{directory} holds several data sets ({names}): give the folder of one of them")
    return candidates.pop()
