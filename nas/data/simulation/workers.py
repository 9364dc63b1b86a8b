"""The same task on many numbers, in this process or on worker processes.

Workers do not outlive their parent, and leave it to the parent to answer Ctrl-C.
"""

import multiprocessing
import os
import signal
import sys
import threading
import types
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager


def run_workers(task: Callable[[int], int], numbers: Sequence[int], workers: int) -> Generator[int]:
    """Call ``task`` on each number and yield the results as they come.

    Closing the generator lets running tasks end and drops the others.

    Args:
        task: function to call, which must be one of a module that can be imported.
        numbers: numbers to call the function on.
        workers: number of processes; with 1 the task runs in this process.

    Raises:
        BrokenProcessPool: a worker died.
    """
    if workers == 1:
        yield from map(task, numbers)
        return
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_follow_parent
    )
    waiting: set[Future[int]] = set()
    try:
        for number in numbers:
            # So many keep the workers busy, and a longer queue would only cost memory.
            if len(waiting) == 2 * workers:
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
            # The pool starts its processes as work comes in.
            with _interrupts_held_back(), _without_script():
                waiting.add(pool.submit(task, number))
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _without_script() -> Iterator[None]:
    """Keep the user's script from processes that start meanwhile.

    They would run it anew to know its functions, of which they need none, and a script without a
    guard would so begin again in each of them.
    """
    script = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Keep Ctrl-C from processes that start meanwhile, for the parent alone answers it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _follow_parent() -> None:
    """Make this worker end with its parent, even one that is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
