"""Walking a data directory: its files, and the splits that its directory names tell."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nas.data.layout import Split
from nas.errors import UserError

_SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_SPLIT = "|".join(sorted(_SPLIT_NAMES, key=len, reverse=True))
_PREFIXED = re.compile(rf"(?P<split>{_SPLIT})[_-](?P<rest>.+)", re.IGNORECASE)
_SUFFIXED = re.compile(rf"(?P<rest>.+)[_-](?P<split>{_SPLIT})", re.IGNORECASE)

# What archive tools and desktops leave behind. Hidden files (.DS_Store, ._x.npy) are passed over by their dot.
_JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


class Entry(NamedTuple):
    """One file: its path below the data directory ('/' between the parts), its size in bytes, when it changed (ns)."""

    path: str
    size: int
    changed_ns: int


def scan(directory: Path) -> list[Entry]:
    """List all files below ``directory``, sorted by path, without the junk that archive tools add.

    Raises:
        UserError: the directory is missing, is no directory, cannot be read, or holds no file.
    """
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        raise UserError(f"{directory} {what}: give the folder that holds the images")
    try:
        entries = sorted(_walk(str(directory), "", set()))
    except OSError as error:
        raise UserError(f"{error.filename} cannot be read ({error.strerror}): check its permissions") from error
    if not entries and (directory / ".partial").is_dir():
        raise UserError(f"{directory} holds an unfinished simulation: run the same simulate command again to finish it")
    if not entries:
        raise UserError(f"{directory} is empty: give the folder that holds the images")
    return entries


def _walk(directory: str, prefix: str, above: set[tuple[int, int]]) -> Iterator[Entry]:
    own = Path(directory).stat()
    identity = (own.st_dev, own.st_ino)
    if identity in above:  # a symbolic link that leads back up
        return
    with os.scandir(directory) as children:
        for child in children:
            if child.name.startswith(".") or child.name in _JUNK:
                continue
            if child.is_dir():
                yield from _walk(child.path, f"{prefix}{child.name}/", above | {identity})
            else:
                status = child.stat()
                yield Entry(prefix + child.name, status.st_size, status.st_mtime_ns)


def split_name(name: str) -> Split | None:
    """Return the split that a directory called exactly ``name`` holds (``valid`` is ``val``), or None."""
    return _SPLIT_NAMES.get(name.lower())


def split_affix(name: str) -> tuple[Split | None, str]:
    """Take a split off a name: ``train_lenses`` is train and lenses, ``Model_I_test`` test and Model_I; or None."""
    match = _PREFIXED.fullmatch(name) or _SUFFIXED.fullmatch(name)
    if match is None:
        return None, name
    return _SPLIT_NAMES[match["split"].lower()], match["rest"]
