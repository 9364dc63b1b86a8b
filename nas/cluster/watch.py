"""Notices that a cluster is lost: its head, or Ray's process on this machine.

Ray needs a minute for that, fills the screen meanwhile, and ends this process from within.
"""

import _thread
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import ray

from nas.common.interruption import end
from nas.common.progress import say

# A cluster is lost when a port of it did not answer so many times in a row, with so many seconds
# between.
_TIMES = 3
_PAUSE = 1.0

# Seconds that a port has to answer.
_SECONDS = 10.0

# Seconds that the main thread has to leave everything as it should be. It may wait for Ray, and
# then nothing but its end helps.
_PATIENCE = 6.0


@contextmanager
def watched(then: str) -> Iterator[None]:
    """End this process when the cluster is lost in the ``with`` block. Ray must be running.

    The main thread is interrupted first, as by Ctrl-C. The process ends in any case, with the
    status of a user's mistake: Ray would not let it live.

    Args:
        then: End of the sentence that the user reads, which says how the work goes on.
    """
    over, lost, addresses = threading.Event(), threading.Event(), _addresses()
    watch = threading.Thread(target=_watch, args=(addresses, then, over, lost), daemon=True)
    watch.start()
    try:
        yield
    except Exception:
        if not all(_answers(address) for address in addresses):
            lost.set()  # which is why Ray raised something
        raise
    finally:
        if lost.is_set():
            _end(then)
        over.set()


def _addresses() -> list[tuple[str, int]]:
    """Return where the head of the cluster and Ray's process on this machine answer."""
    context = ray.get_runtime_context()
    host, _, port = context.gcs_address.rpartition(":")
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    here = next(node for node in nodes if node["NodeID"] == context.get_node_id())
    return [(host, int(port)), (here["NodeManagerAddress"], here["NodeManagerPort"])]


def _watch(
    addresses: list[tuple[str, int]], then: str, over: threading.Event, lost: threading.Event
) -> None:
    missed = 0
    while not over.wait(_PAUSE):
        missed = 0 if all(_answers(address) for address in addresses) else missed + 1
        if missed == _TIMES:
            lost.set()
            _interrupt()
            if not over.wait(_PATIENCE):
                _end(then)
            return


def _interrupt() -> None:
    """Interrupt the main thread by a signal for which it has a handler.

    One that runs in the background may ignore SIGINT.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if callable(signal.getsignal(number)):
            _thread.interrupt_main(number)
            return


def _answers(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def _end(then: str) -> NoReturn:
    say(f"error: the Ray cluster was lost, for its head or its process here ended: {then}")
    end(2)
