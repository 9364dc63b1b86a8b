"""All commands by name, for ``python -m nas`` and ``lens-nas``."""

import runpy
import sys
from dataclasses import dataclass

from nas.common.errors import UserError
from nas.common.help import listing
from nas.common.interruption import answer_interrupted_imports
from nas.common.kinds import did_you_mean


@dataclass(frozen=True)
class Door:
    """A command, as the list of commands has it."""

    module: str
    """Package of the command, which ``python -m`` runs."""
    summary: str
    """What the command does, in a line."""


COMMANDS = {
    "data": Door("nas.data", "simulate images of lenses; inspect, preview and fit those of others"),
    "search": Door("nas.search", "find the architectures that tell the classes apart best"),
    "retrain": Door("nas.retrain", "train what a search found from scratch, and test it"),
    "predict": Door("nas.predict", "classify images with a trained network"),
    "export": Door("nas.export", "write a trained network as ONNX"),
    "leaderboard": Door("baselines.leaderboard", "compare found and hand-designed networks"),
    "report": Door("nas.report", "make a page of a search or a leaderboard"),
    "train": Door("nas.train", "train one network"),
    "supernet": Door("nas.supernet", "train the weights that the networks of a space share"),
    "fidelity": Door("nas.fidelity", "measure how well a supernet ranks architectures"),
}
"""The commands, in the order in which people need them."""


def run_named(name: str, arguments: list[str]) -> None:
    """Run a command as ``python -m`` does.

    Args:
        name: name of the command, such as ``search``.
        arguments: its flags.

    Raises:
        UserError: there is no such command.
    """
    if name not in COMMANDS:
        raise UserError(
            f"there is no command {name}{did_you_mean(name, COMMANDS) or ':'} "
            f"choose one of {', '.join(COMMANDS)}"
        )
    answer_interrupted_imports()
    sys.argv = ["-m", *arguments]  # as Python has it while it looks for the module
    runpy.run_module(COMMANDS[name].module, run_name="__main__", alter_sys=True)


def overview() -> str:
    """Return the list of all commands, with what each does.

    Example:
        >>> print(overview().splitlines()[0])
        usage: lens-nas COMMAND [FLAGS], or python -m nas COMMAND [FLAGS]
    """
    listed = listing(
        "usage: lens-nas COMMAND [FLAGS], or python -m nas COMMAND [FLAGS]",
        {name: door.summary for name, door in COMMANDS.items()},
    )
    return f"{listed}\n\nCOMMAND --help says more, for example lens-nas search --help."
