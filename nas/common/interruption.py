"""How a command ends that is asked to: Ctrl-C, a closed terminal and SIGTERM mean the same."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

STATUS = 130
"""Exit status of a command that was interrupted, as shells have it for Ctrl-C."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Seconds that a command has to leave everything as it should be, Ray among it.
_PATIENCE = 12.0


def interrupt_on_signals() -> None:
    """Let signals that ask this process to end raise ``KeyboardInterrupt`` in its main thread.

    A second signal ends the process at once, and so does time: libraries that wait for threads of
    their own must not keep it. A signal that the caller has this process ignore, as nohup does, is
    ignored still.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _first)


@contextmanager
def signals_kept() -> Iterator[None]:
    """Keep the handlers of this process where a library sets its own in the ``with`` block.

    Ray does so for SIGTERM as it starts, and its handler aborts the process.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # None stands for one that Python did not set
                signal.signal(number, handler)


def end_interrupted() -> NoReturn:
    """End the process at once, without waiting for threads of libraries, which may crash."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(STATUS)


def _first(number: int, frame: FrameType | None) -> None:
    for other in _SIGNALS:
        if signal.getsignal(other) is _first:
            signal.signal(other, _second)
    watch = threading.Timer(_PATIENCE, os._exit, (STATUS,))
    watch.daemon = True
    watch.start()
    raise KeyboardInterrupt


def _second(number: int, frame: FrameType | None) -> None:
    os._exit(STATUS)
