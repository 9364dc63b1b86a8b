"""A directory that one process at a time may write, and its workers."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from nas.common.errors import UserError
from nas.common.files import write_text

# Seconds that workers of a command which was killed have to end.
_SECONDS = 15.0


@contextmanager
def held(directory: Path, done: str, flag: str) -> Iterator[None]:
    """Hold a directory for the length of a ``with`` block; it is made where there is none.

    The operating system gives the lock back however its holder ends, so that a stale lock keeps
    nobody out. The content of ``lock.holder`` only tells who holds the lock.

    Args:
        directory: Directory to hold.
        done: What is being done with the directory, for the message: ``searched``.
        flag: Flag with which the user names the directory, for the message: ``--run``.

    Raises:
        UserError: Another process holds the directory, workers of an earlier holder do not end, or
            it cannot be written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as root:
        ...     run = Path(root) / "run"
        ...     with held(run, "searched", "--run"):
        ...         try:
        ...             with held(run, "searched", "--run"):
        ...                 pass
        ...         except UserError as mistake:
        ...             print("is being searched by process" in str(mistake))
        True
    """
    lock, holder = FileLock(directory / "lock", blocking=False), directory / "lock.holder"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        lock.acquire()
        _wait_for_workers(directory, done, holder)
        write_text(holder, f"process {os.getpid()} on {socket.gethostname()}\n")
    except Timeout as error:
        raise UserError(
            f"{directory} is being {done} by {_told(holder)}: wait for it, stop it, or give "
            f"another {flag}"
        ) from error
    except BaseException as error:
        lock.release()
        if not isinstance(error, OSError):
            raise
        raise UserError(
            f"{directory} cannot be written ({error.strerror or error}): mend its permissions or "
            f"make room, or give another {flag}"
        ) from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def share(directory: Path) -> None:
    """Keep a directory from its next holder until this process ends, as a worker of the present.

    Where the file of the holder is missing or may not be read, the directory is one of another
    machine or is not for this worker to write.
    """
    with suppress(FileNotFoundError, PermissionError):
        # It is never closed: the operating system does so at the end of the process.
        fcntl.flock(os.open(_workers(directory), os.O_RDONLY), fcntl.LOCK_SH)


def _wait_for_workers(directory: Path, done: str, holder: Path) -> None:
    """Wait until no worker of an earlier holder shares the directory."""
    until = time.monotonic() + _SECONDS
    with _workers(directory).open("ab") as file:
        while time.monotonic() < until:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return  # closing the file gives the lock back
            time.sleep(0.1)
    raise UserError(
        f"{directory} is still being {done} by workers of {_told(holder)}, which was killed: wait "
        "for them, or end them"
    )


def _told(holder: Path) -> str:
    """Return who holds a directory, or held it before a kill."""
    return holder.read_text(encoding="utf-8").strip() if holder.exists() else "another process"


def _workers(directory: Path) -> Path:
    return directory / "lock.workers"
