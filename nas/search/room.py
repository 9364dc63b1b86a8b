"""What a search says when its disk is full, or its database takes no more."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from optuna.exceptions import StorageInternalError
from sqlalchemy.exc import SQLAlchemyError

from nas.common.errors import UserError
from nas.search.run_directory import RunDirectory
from nas.search.storage import cause_of

# What files answer when there is no more room for them.
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)


@contextmanager
def room_in(directory: RunDirectory) -> Iterator[None]:
    """Say how the search goes on if the ``with`` block cannot write what it found.

    Raises:
        UserError: The disk is full, or the database takes nothing more.
    """
    try:
        yield
    except (OSError, StorageInternalError, SQLAlchemyError) as error:
        if isinstance(error, OSError) and error.errno not in _FULL:
            raise
        then = "the same command goes on"
        if directory.config_file.exists():
            then = f"go on with python -m nas.search --resume {directory.path}"
        raise UserError(
            f"{directory.path} cannot be written ({_reason(error)}): make room, and {then}"
        ) from error


def _reason(error: Exception) -> str:
    cause = cause_of(error)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return str(getattr(cause, "orig", cause)).strip().partition("\n")[0]
