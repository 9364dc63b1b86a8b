"""Runs the same task on many numbers, here or on worker processes that neither outlive nor talk
over their parent.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager


def run_workers(task: Callable[[int], int], numbers: Sequence[int], workers: int) -> Generator[int]:
    """Call ``task`` on each number and yield the results as they come.

    Closing the generator lets running tasks end and drops the others.

    Args:
        task: can be pickled.
        numbers: to call it on.
        workers: processes; with 1 the task runs in this one.

    Raises:
        BrokenProcessPool: if a worker died.
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
            if (
                len(waiting) == 2 * workers
            ):  # enough to keep them busy; a longer queue would only cost memory
                finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in finished)
            with _interrupts_held_back():  # the pool starts its processes as work comes in
                waiting.add(pool.submit(task, number))
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Keep Ctrl-C from processes that start meanwhile: the parent alone answers it."""
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
