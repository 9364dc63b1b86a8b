"""A directory that one process at a time may write."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from nas.common.errors import UserError
from nas.common.files import write_text


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
        UserError: Another process holds the directory, or it cannot be written.

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
        write_text(holder, f"process {os.getpid()} on {socket.gethostname()}\n")
    except Timeout as error:
        who = holder.read_text(encoding="utf-8").strip() if holder.exists() else "another process"
        raise UserError(
            f"{directory} is being {done} by {who}: wait for it, stop it, or give another {flag}"
        ) from error
    except OSError as error:
        raise UserError(
            f"{directory} cannot be written ({error.strerror or error}): mend its permissions or "
            f"make room, or give another {flag}"
        ) from error
    try:
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
