"""All commands by name, for ``python -m nas`` and ``lens-nas``."""

import runpy
import sys
from dataclasses import dataclass

from lens_nas_plugins.mistakes import did_you_mean
from nas.common.errors import UserError
from nas.common.help import listing
from nas.common.interruption import answer_interrupted_imports


@dataclass(frozen=True)
class Door:
    """A command, as the list of commands has it."""

    module: str
    """Package of the command, which ``python -m`` runs."""
    summary: str
    """What the command does, in a line."""


COMMANDS = {
    "data": Door("nas.data", "simulate images of lenses; inspect and preview those of others"),
    "search": Door("nas.search", "find the architectures that tell the classes apart best"),
    "retrain": Door("nas.retrain", "train what a search found from scratch, and test it"),
    "predict": Door("nas.predict", "classify images with a trained network"),
    "export": Door("nas.export", "write a trained network as ONNX, or as timm and hubs take it"),
    "leaderboard": Door("baselines.leaderboard", "compare found and hand-designed networks"),
    "report": Door("nas.report", "make a page of a search or a leaderboard"),
    "train": Door("nas.train", "train one network"),
    "supernet": Door("nas.supernet", "train the weights that the networks of a space share"),
    "fidelity": Door("nas.fidelity", "measure how well a supernet ranks architectures"),
}
"""The commands, in the order in which people need them."""


STARTED_AS = "LENS_NAS_STARTED_AS"
"""Global of the module ``__main__`` with what was typed before the name of a command, where that is
not ``python -m``."""


def run_named(prefix: str, name: str, arguments: list[str]) -> None:
    """Run a command as ``python -m`` does.

    Args:
        prefix: what was typed before the name, such as ``lens-nas``.
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
    runpy.run_module(
        COMMANDS[name].module,
        init_globals={STARTED_AS: prefix},
        run_name="__main__",
        alter_sys=True,
    )


def typed(name: str) -> str:
    """Return how a command is typed: as this process was, ``lens-nas search`` or another.

    Args:
        name: name of the command.

    Example:
        >>> typed("leaderboard")
        'python -m baselines.leaderboard'
    """
    prefix = getattr(sys.modules["__main__"], STARTED_AS, None)
    return f"python -m {COMMANDS[name].module}" if prefix is None else f"{prefix} {name}"


def overview(prefix: str) -> str:
    """Return the list of all commands, with what each does.

    Args:
        prefix: what is typed before the name of a command.

    Example:
        >>> print(overview("lens-nas").splitlines()[0])
        usage: lens-nas COMMAND [FLAGS]
    """
    listed = listing(
        f"usage: {prefix} COMMAND [FLAGS]",
        {name: door.summary for name, door in COMMANDS.items()},
    )
    return f"{listed}\n\nCOMMAND --help says more, for example {prefix} search --help."
