"""The type of the fixture that runs commands, and what is left of a command that ended."""

import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs ``python -m MODULE ARGUMENTS`` as a user does."""


def ends_within(seconds: float, session: int) -> list[str]:
    """Wait for all processes of a session to end; return the names of those that do not."""
    until = time.monotonic() + seconds
    while (left := processes(session)) and time.monotonic() < until:
        time.sleep(0.1)
    return list(left.values())


def processes(session: int) -> dict[int, str]:
    """Return the names of the living processes of a session, by their ids."""
    names = {}
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            name, _, rest = (directory / "stat").read_text().rpartition(")")
            state, _, _, its_session = rest.split()[:4]
            if int(its_session) == session and state != "Z":
                names[int(directory.name)] = name.partition("(")[2]
    return names
