"""What commands print for people.

Names and paths are the user's own and may hold square brackets or words between colons. So nothing
is ever parsed: bold words are made with :class:`rich.text.Text`. The linter keeps rich's own
console to this file.
"""

import os
import sys
from importlib.util import find_spec

from rich.console import Console
from rich.progress import TextColumn


def screen(*, stderr: bool = False, width: int | None = None) -> Console:
    """Return the console of standard output or standard error, which prints text as it is.

    Args:
        stderr: Whether it is that of standard error.
        width: Number of columns; None for those of the terminal.

    Example:
        >>> screen().print("lenses [/red] :ring:")
        lenses [/red] :ring:
    """
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def is_watched() -> bool:
    """Return whether somebody watches what goes to standard error, and wants to see bars move.

    That is so on a terminal, and in a notebook that has the widgets in which bars move; not where
    ``CI`` is set.

    Example:
        >>> import io
        >>> from contextlib import redirect_stderr
        >>> with redirect_stderr(io.StringIO()):
        ...     is_watched()
        False
    """
    if os.environ.get("CI"):
        return False
    in_notebook = screen(stderr=True).is_jupyter and find_spec("ipywidgets") is not None
    return in_notebook or sys.stderr.isatty()


def words(template: str) -> TextColumn:
    """Return a column of a progress bar, whose fields are filled in and not parsed.

    Args:
        template: Text with fields of the task, for example ``{task.description}``.
    """
    return TextColumn(template, markup=False)
