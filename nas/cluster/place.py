"""Where Ray keeps its files on this machine, checked before it starts."""

import os
import tempfile
from pathlib import Path

from nas.common.errors import UserError

# Below the directory Ray makes sockets, whose paths may have so many bytes.
_SOCKET = "ray/session_2026-01-01_00-00-00_000000_1234567/sockets/plasma_store"
_LONGEST = 103

# Ray's first files have fewer bytes.
_ROOM = 1_000_000

_MEND = "give a short path of a directory with room in the environment variable RAY_TMPDIR"


def require_place() -> None:
    """Check that Ray can keep files on this machine.

    Raises:
        UserError: The directory for them is full or read-only, or its path is too long.
    """
    # Ray chooses in this order.
    place = Path(os.environ.get("RAY_TMPDIR", os.environ.get("TMPDIR", "/tmp")))  # noqa: S108
    longest = _LONGEST - len(os.fsencode(Path("/", _SOCKET)))
    if len(os.fsencode(place)) > longest:
        raise UserError(
            f"Ray cannot keep its files in {place}, whose path has more than {longest} characters: "
            f"{_MEND}"
        )
    try:
        if not place.is_absolute():
            raise NotADirectoryError(0, "no absolute path")
        (place / "ray").mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place / "ray", buffering=0) as file:
            if file.write(bytes(_ROOM)) < _ROOM:
                raise OSError(0, "No space left on device")
    except OSError as error:
        reason = error.strerror
        raise UserError(f"Ray cannot keep its files in {place} ({reason}): {_MEND}") from error
