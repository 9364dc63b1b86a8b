"""The progress bar of a training: epochs, loss, validation score and time left.

Nothing is shown where nobody watches.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TaskID, TimeRemainingColumn

from nas.common.screen import is_watched, screen, words
from nas.training.deciding import CALLED, deciding
from nas.training.record import EpochRecord, best_record


class TrainingBar:
    """The progress bar that the training loop reports to."""

    def __init__(self, progress: Progress, task: TaskID, steps: int, shown: Sequence[str]) -> None:
        self._progress = progress
        self._task = task
        self._steps = steps
        self._shown = shown

    def until(self, epochs: int) -> None:
        """Show of how many epochs the training is, as far as that is known now."""
        self._progress.update(self._task, total=epochs * self._steps, epochs=epochs)

    def step(self) -> None:
        """Count one step that is done."""
        self._progress.advance(self._task)

    def loss(self, loss: float) -> None:
        """Show the mean loss of the epoch so far."""
        self._progress.update(self._task, loss=f"{loss:.3f}")

    def epochs(self, records: list[EpochRecord]) -> None:
        """Show all epochs that are done, whether their steps were counted or not."""
        last, best = records[-1], best_record(records)
        name = deciding(last.val)
        score = " – ".join(f"{last.val[shown]:.4f}" for shown in self._shown or (name,))
        score = f"val {CALLED[name]} {score} (best {best.score:.4f} in epoch {best.epoch})"
        completed = last.epoch * self._steps
        self._progress.update(
            self._task, completed=completed, epoch=last.epoch, loss=f"{last.loss:.3f}", score=score
        )


@contextmanager
def training_bar(
    epochs: int, steps: int, records: list[EpochRecord], shown: Sequence[str] = ()
) -> Iterator[TrainingBar]:
    """Show the progress of a training on standard error.

    Args:
        epochs: number of epochs of the whole training.
        steps: number of steps in an epoch.
        records: records of the epochs that are done already.
        shown: names of the validation scores to show, for example those of the smallest and the
            largest network of a supernet; none for the one that chooses the epoch.

    Yields:
        The bar, which the training reports to.
    """
    progress = Progress(
        words("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
        BarColumn(),
        words("loss {task.fields[loss]}  {task.fields[score]}"),
        TimeRemainingColumn(compact=True),
        console=screen(stderr=True),
        disable=not is_watched(),
    )
    with progress:
        task = progress.add_task(
            "", total=epochs * steps, epoch=0, epochs=epochs, loss="–", score=""
        )
        bar = TrainingBar(progress, task, steps, shown)
        if records:
            bar.epochs(records)
        yield bar
        progress.refresh()  # which a notebook does not do by itself at the end
