"""Files that are either whole or not there."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from nas.common.errors import UserError

RUNS = Path("results/runs")
"""Directory of all runs for which the user named no other place."""

# So many characters of a name stand in that of its temporary file.
_STEM = 20


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the same directory, which replaces ``path`` on success.

    On an error the temporary file is removed, and ``path`` stays as it was.

    Args:
        path: File to write; its directory must exist.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory) / "numbers.txt"
        ...     with atomic_path(path) as temporary:
        ...         _ = temporary.write_text("1 2 3")
        ...     path.read_text()
        '1 2 3'
    """
    # The name of the file may be as long as one can be.
    prefix, suffix = f".{path.stem[:_STEM]}.", path.suffix if len(path.suffix) <= _STEM else ""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
        _sync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text to a file, whole or not at all.

    Args:
        path: File to write; its directory must exist.
        text: Content of the file, which is written in UTF-8.
    """
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented JSON to a file, whole or not at all.

    Args:
        path: File to write; its directory must exist.
        value: Anything that JSON can hold.

    Raises:
        ValueError: The value holds a number that is not finite, which JSON cannot hold.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory) / "scores.json"
        ...     write_json(path, {"auc": 0.93})
        ...     json.loads(path.read_text())
        {'auc': 0.93}
    """
    write_text(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


@contextmanager
def room_for(path: Path, then: str) -> Iterator[None]:
    """Say which file could not be written in the ``with`` block, and what to do.

    A full disk is the user's to mend, and no bug of ours.

    Args:
        path: File that is written, or the directory of several files.
        then: End of the sentence that the user reads, which says what happens when there is room:
            ``the same command goes on``.

    Raises:
        UserError: The disk is full, or nothing can be written there.
    """
    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UserError(f"{path} cannot be written ({reason}): make room, and {then}") from error


def require_writable(path: Path, flag: str, source: Path) -> None:
    """Check that a file can be written, before the work for it is done.

    Args:
        path: File to write, which may exist and will be replaced.
        flag: Flag with which the user named the file, for the message.
        source: File that is read to make this one, and must not be replaced.

    Raises:
        UserError: The file cannot be written, or is the source.
    """
    if path.is_dir() or not (path.parent.is_dir() and os.access(path.parent, os.W_OK)):
        raise UserError(
            f"{path} cannot be written: give a file in an existing directory with {flag}"
        )
    if path.resolve() == source.resolve():
        raise UserError(f"{path} would replace what it is made from: give another file with {flag}")


def make_directory(path: Path, flag: str = "") -> None:
    """Make a directory and those above it, before the work for it is done.

    Args:
        path: Directory to make, which may exist.
        flag: Flag with which the user named the directory, for the message; empty for none.

    Raises:
        UserError: The directory cannot be made, or nothing can be written into it.
    """
    reason = None
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror
    if reason is None and not os.access(path, os.W_OK):
        reason = "Permission denied"
    if reason is not None:
        raise UserError(
            f"{path} cannot be written ({reason}): give another directory{flag and f' with {flag}'}"
        )


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def short_digest(values: Mapping[str, Any]) -> str:
    """Return sixteen characters that differ for different JSON values, to name a file by them.

    Example:
        >>> short_digest({"seed": 0}) == short_digest({"seed": 1})
        False
    """
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def _sync(path: Path) -> None:
    """Force a file to the disk, so that a power cut leaves no empty file after a rename."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
