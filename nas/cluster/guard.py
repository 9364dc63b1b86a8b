"""Ends at once what is left of a Ray that was started here, when the process that started it ended.

Ray's own processes notice that by themselves, but two of Ray 2.60 then try for a minute to tell
others that are gone too, and workers live for seconds, in which a search that goes on would meet
those of the former one. So a small process that survives waits for the end of the first one, and
kills every process whose environment has their mark. It imports none of our modules: it is a file
that Python runs.
"""

import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil

VARIABLE = "LENS_NAS_CLUSTER"
"""Environment variable with the mark."""

# Seconds for which processes are looked for; those that are being started can be missed once.
_SECONDS = 5.0


@contextmanager
def guarded() -> Iterator[dict[str, str]]:
    """Have processes ended together with the ``with`` block or this process, however it ends.

    Yields:
        The environment variables that mark the processes, which their own children inherit.
    """
    mark = uuid.uuid4().hex
    guard = subprocess.Popen(  # noqa: S603 - this is our own file
        [sys.executable, "-I", __file__, mark],
        stdin=subprocess.PIPE,  # which is closed when this process ends
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # signals of the terminal are for the command
    )
    try:
        # Without the second, processes that give themselves a title write it over the mark.
        yield {VARIABLE: mark, "SPT_NOENV": "1"}
    finally:
        guard.communicate()


def _end_all(mark: str) -> None:
    """Kill marked processes until there are none."""
    until = time.monotonic() + _SECONDS
    while (marked := list(_marked(mark))) and time.monotonic() < until:
        for process in marked:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        time.sleep(0.05)


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        # Processes of others cannot be read, those that end are gone; neither is ours to end.
        with suppress(psutil.Error, OSError):
            if process.environ().get(VARIABLE) == mark:
                yield process


if __name__ == "__main__":
    sys.stdin.read()
    _end_all(sys.argv[1])
