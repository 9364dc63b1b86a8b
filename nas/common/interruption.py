"""How a command ends that is asked to: Ctrl-C, a closed terminal and SIGTERM mean the same."""

import atexit
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import NoReturn

STATUS = 130
"""Exit status of a command that was interrupted, as shells have it for Ctrl-C."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# Seconds that a command has to leave everything as it should be, Ray among it.
_PATIENCE = 12.0

# Seconds until an interruption that was lost is tried again.
_MOMENT = 0.01

_SHOW_CURSOR = "\x1b[?25h"


def interrupt_on_signals() -> None:
    """Let signals that ask this process to end raise ``KeyboardInterrupt`` in its main thread.

    A second signal ends the process at once, and so does time, even where the main thread waits
    within a library and runs no handler. A signal that the caller has this process ignore, as nohup
    does, is ignored still.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    # As Python ends it lets the alarm do what it does by default, which is to kill the process.
    atexit.register(signal.signal, signal.SIGALRM, signal.SIG_IGN)
    _interrupt_again_where_it_was_lost()
    # Python writes the numbers of signals there at once, before any handler runs.
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    threading.Thread(target=_end_in_time, args=(reader,), daemon=True).start()


def answer_interrupted_imports() -> None:
    """Answer Ctrl-C in one sentence while modules are still imported."""
    before = sys.excepthook

    def answer(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.stderr.write("error: interrupted\n")
            end_interrupted()
        before(kind, error, traceback)

    sys.excepthook = answer


@contextmanager
def signals_kept() -> Iterator[None]:
    """Keep the handlers of this process where a library sets its own in the ``with`` block.

    Ray does so for SIGTERM as it starts, and its handler aborts the process, or leaves it with a
    status of its own.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may set handlers
        return
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    asked = False
    try:
        yield
    except SystemExit:
        asked = True  # by a signal that the library's handler took
    finally:
        for number, handler in handlers.items():
            if handler is not None:  # None stands for one that Python did not set
                signal.signal(number, handler)
    if asked:
        raise KeyboardInterrupt


def end_interrupted() -> NoReturn:
    """End the process at once, as one that was interrupted."""
    end(STATUS)


def end(status: int) -> NoReturn:
    """End the process at once, without waiting for threads of libraries, which may crash."""
    if sys.stderr.isatty():
        sys.stderr.write(_SHOW_CURSOR)  # which a progress bar hides
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _interrupt_again_where_it_was_lost() -> None:
    """Interrupt again, a moment later, where Python dropped an interruption.

    It calls finalizers and the callbacks of weak references anywhere, and drops what they raise. A
    handler of a signal may run in one of them.
    """
    before = sys.unraisablehook

    def take(lost: "sys.UnraisableHookArgs", /) -> None:
        if issubclass(lost.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, _MOMENT)
        else:
            before(lost)

    sys.unraisablehook = take


def _end_in_time(reader: int) -> None:
    """Wait for a signal that asks this process to end, and end it at a second one, or in time."""
    _next_signal(reader, None)
    _next_signal(reader, _PATIENCE)
    os._exit(STATUS)


def _next_signal(reader: int, seconds: float | None) -> None:
    """Return when one of the signals has come, or so many seconds later."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if end is None else max(0.0, end - time.monotonic())
        if not select.select([reader], [], [], left)[0]:
            return
        if any(number in _SIGNALS for number in os.read(reader, 100)):
            return
