"""A training that waits after every epoch for whoever watches it."""

from collections.abc import Callable, Generator
from queue import SimpleQueue
from threading import Semaphore, Thread

from nas.training.loop import OnEpoch
from nas.training.record import EpochRecord


class _StopTraining(Exception):  # noqa: N818 - it is a signal, like StopIteration
    """The signal that ends a training which nobody waits for any more."""


def paced(train: Callable[[OnEpoch], object]) -> Generator[EpochRecord]:
    """Run a training and yield the record of each epoch.

    The next epoch starts when the next record is asked for. Closing the iterator stops the
    training. Errors of the training are raised here.

    Args:
        train: function that runs the training. It is called once, in a thread of its own, with the
            function that it must call after each epoch.
    """
    records: SimpleQueue[EpochRecord | BaseException | None] = SimpleQueue()
    turns, stopped = Semaphore(0), False

    def on_epoch(record: EpochRecord) -> None:
        records.put(record)
        turns.acquire()
        if stopped:
            raise _StopTraining

    def work() -> None:
        turns.acquire()
        try:
            train(on_epoch)
        except _StopTraining:
            pass
        except BaseException as error:
            records.put(error)
        records.put(None)

    thread = Thread(target=work, daemon=True)
    thread.start()
    try:
        while True:
            turns.release()
            record = records.get()
            if record is None:
                return
            if isinstance(record, BaseException):
                raise record
            yield record
    finally:
        stopped = True
        turns.release()
        thread.join()
