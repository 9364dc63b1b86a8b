"""A progress bar with rate and time left, and silence where nobody watches."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


@contextmanager
def progress(
    description: str, total: int, unit: str, completed: int = 0
) -> Iterator[Callable[[int], None]]:
    """Show how far a long task is, on stderr.

    On a terminal this is a bar; elsewhere, and where ``CI`` is set, one line at the start and one
    at the end.

    Args:
        description: what is being done, for example ``simulating``.
        total: units in all.
        unit: the plural noun for what is counted, for example ``images``.
        completed: units that were done before.

    Yields:
        ``advance(n)``, to be called when n more units are done.
    """
    if sys.stderr.isatty() and not os.environ.get("CI"):
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(unit),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(description, total=total, completed=completed)
            yield lambda n: bar.advance(task, n)
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


def say(line: str) -> None:
    """Write one line to stderr, for what is worth telling but is no result."""
    sys.stderr.write(line + "\n")


class _Rate(ProgressColumn):
    """How fast it goes."""

    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else _pace(speed, self._unit))


def _pace(speed: float, unit: str) -> str:
    """Units a second, or seconds a unit where those are long."""
    return f"{1 / speed:,.1f} s each" if 0 < speed < 1 else f"{speed:,.0f} {unit}/s"
