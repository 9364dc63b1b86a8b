"""The walk through a data directory, which lists its files."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from nas.common.errors import UserError
from nas.data.options import require_folder

# Archive tools and desktops leave these behind. Hidden files (.DS_Store, ._x.npy) need not be
# named, for their dot tells them.
_JUNK = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})


class FileEntry(NamedTuple):
    """One file of a data directory.

    Attributes:
        path: path below the data directory, with '/' between the parts.
        size: size in bytes.
        changed_ns: time of the last change, in nanoseconds.
    """

    path: str
    size: int
    changed_ns: int


def scan(directory: Path) -> list[FileEntry]:
    """List all files below ``directory``, sorted by path, without the junk that archive tools add.

    Raises:
        UserError: the directory is missing, is no directory, cannot be read, or holds no file.
    """
    require_folder(directory)
    try:
        entries = sorted(_walk(str(directory), "", set()))
    except OSError as error:
        raise UserError(
            f"{error.filename} cannot be read ({error.strerror}): check its permissions"
        ) from error
    if not entries and (directory / ".partial").is_dir():
        raise UserError(
            f"{directory} holds an unfinished simulation: run the same simulate command again to "
            "finish it"
        )
    if not entries:
        raise UserError(f"{directory} is empty: give the folder that holds the images")
    return entries


def _walk(directory: str, prefix: str, above: set[tuple[int, int]]) -> Iterator[FileEntry]:
    own = Path(directory).stat()
    identity = (own.st_dev, own.st_ino)
    if identity in above:  # A symbolic link leads back up.
        return
    with os.scandir(directory) as children:
        for child in children:
            if child.name.startswith(".") or child.name in _JUNK:
                continue
            if _is_directory(child):
                yield from _walk(child.path, f"{prefix}{child.name}/", above | {identity})
            else:
                yield _entry(prefix + child.name, child)


def _is_directory(child: os.DirEntry[str]) -> bool:
    """Return whether a child is a directory or a link to one; a link to itself is none."""
    try:
        return child.is_dir()
    except OSError:
        return False


def _entry(path: str, child: os.DirEntry[str]) -> FileEntry:
    try:
        status = child.stat()
    except OSError:  # It is a link to nothing or to itself, and reading it will say so.
        return FileEntry(path, 0, 0)
    # The time of the last change of content would not do, since copying tools set it to that of the
    # original.
    return FileEntry(path, status.st_size, status.st_ctime_ns)


def printable(name: str) -> str:
    """Return a file name whose bytes that are no UTF-8 are escaped.

    So tables and terminals can hold it.
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
