"""Progress bars with rate and time left, and a few lines where nobody watches."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from nas.common.screen import is_watched, screen, words


@contextmanager
def progress(
    description: str, total: int, unit: str, completed: int = 0
) -> Iterator[Callable[[int], None]]:
    """Show on stderr how far a long task is, for the length of a ``with`` block.

    Where somebody watches, on a terminal or in a notebook, this is a bar. Elsewhere, and where
    ``CI`` is set, it is one line at the start and one at the end.

    Args:
        description: What is being done, for example ``simulating``.
        total: Number of units in all.
        unit: Plural noun for what is counted, for example ``images``.
        completed: Number of units that were done before.

    Yields:
        ``advance(n)``, to be called when n more units are done.

    Example:
        >>> with progress("squaring", 3, "numbers") as advance:
        ...     for number in (1, 2, 3):
        ...         _ = number**2
        ...         advance(1)
    """
    if is_watched():
        columns = (
            words("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=screen(stderr=True)) as bar:
            task = bar.add_task(description, total=total, completed=completed)
            yield lambda n: bar.advance(task, n)
            bar.refresh()  # which a notebook does not do by itself at the end
        return
    done, start = 0, time.monotonic()

    def advance(n: int) -> None:
        nonlocal done
        done += n

    before = f", {completed:,} of them done before" if completed else ""
    say(f"{description} {total:,} {unit}{before}")
    yield advance
    seconds = time.monotonic() - start
    say(
        f"{description} done: {done:,} {unit} in {seconds:.1f} s "
        f"({_pace(done / max(seconds, 1e-9), unit)})"
    )


@contextmanager
def waiting(description: str) -> Iterator[None]:
    """Show on stderr that something is waited for, for the length of a ``with`` block.

    Where somebody watches, this moves and then goes away; elsewhere it is one line.

    Args:
        description: What is being done, for example ``starting Ray on this machine``.

    Example:
        >>> with waiting("counting to a million"):
        ...     for _ in range(1_000_000):
        ...         pass
    """
    if not is_watched():
        say(description)
        yield
        return
    columns = (SpinnerColumn(), words("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen(stderr=True), transient=True) as spinner:
        spinner.add_task(description, total=None)
        yield


def say(line: str) -> None:
    """Write one line to stderr, for what is worth telling but is no result."""
    sys.stderr.write(line + "\n")


class _Rate(ProgressColumn):
    """Column that shows how fast the task goes."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _pace(speed, self._unit))


def _pace(speed: float, unit: str) -> str:
    """Return a speed as units a second, or as seconds a unit where a unit takes long."""
    return f"{1 / speed:,.1f} s each" if 0 < speed < 1 else f"{speed:,.0f} {unit}/s"
