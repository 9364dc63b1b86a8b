"""What a command says at its end: what can be done next."""

from collections.abc import Mapping

from nas.common.screen import screen


def show_next(steps: Mapping[str, str]) -> None:
    """Print what can be done next.

    Args:
        steps: commands that can be pasted into a shell, with what each does.

    Example:
        >>> show_next({"python -m nas.report": "a page of the newest search"})
        next:
          python -m nas.report  # a page of the newest search
    """
    console = screen()
    console.print("next:")
    for command, does in steps.items():
        console.print(f"  {command}  # {does}", soft_wrap=True)
