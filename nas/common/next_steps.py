"""What a command says at its end: what can be done next."""

from collections.abc import Mapping

from nas.common.commands import typed
from nas.common.screen import screen


def show_next(steps: Mapping[str, str]) -> None:
    """Say on stderr what can be done next, with lines that can be pasted into any shell.

    Args:
        steps: name and flags of commands, by what each does.

    Example:
        Of ``python -m nas.search``::

            show_next({"Make a page of the search": "report results/runs/mine"})
            # next:
            #   Make a page of the search:
            #     python -m nas.report results/runs/mine
    """
    if not steps:
        return
    console = screen(stderr=True)
    console.print("next:")
    for does, words in steps.items():
        name, _, flags = words.partition(" ")
        console.print(f"  {does}:\n    {typed(name)} {flags}", soft_wrap=True)
