"""Commands: settings become flags, help and YAML, and a mistake becomes one sentence.

A command is a function that is called with one frozen dataclass, its settings. The fields are the
flags (``image_size`` is ``--image-size``), and the strings below them are the help. A field without
a default is positional, and so is one with the metadata
:data:`~nas.common.flags.POSITIONAL`. ``--config FILE`` and
``--print-config`` read and write the same fields as YAML.
"""

import dataclasses
import importlib
import io
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, TypeVar, get_args

import jsonargparse

from lens_nas_plugins.mistakes import did_you_mean
from nas.common.errors import UserError
from nas.common.flags import STUMBLES, FlagParser, flag_parser
from nas.common.help import listing, summary
from nas.common.interruption import end_interrupted, interrupt_on_signals
from nas.common.plugins import import_named
from nas.common.sanity import require_sane

SettingsT = TypeVar("SettingsT")


@dataclass(frozen=True)
class Command:
    """One command: what can be set, and what is then called.

    Example:
        >>> from nas.train.settings import TrainSettings
        >>> command = Command(TrainSettings, "nas.train.command:run")
        >>> command.settings.__name__
        'TrainSettings'
    """

    settings: type
    """Dataclass of the command's settings."""
    run: str
    """``package.module:function``, which is called with the settings. The module is imported only
    then, so that help and mistakes are answered before anything large is loaded."""
    check: Callable[[Any], None] = lambda settings: None
    """Raises a ``UserError`` for settings whose mistake can be found without work."""
    examples: Mapping[str, str] = field(default_factory=dict)
    """Flags that people would give, by what is then done, for the help."""
    earlier: Callable[[Any], Mapping[str, Any] | None] = lambda settings: None
    """Returns the settings of the run that is resumed, as :func:`to_plain` wrote them; None where
    no run is resumed. They count where no flag is given."""
    check_resumed: Callable[[Any, Any], None] = lambda settings, earlier: None
    """Raises a ``UserError`` for settings with which the run cannot be resumed, given them and the
    earlier ones."""


def main(name: str, commands: Command | Mapping[str, Command]) -> None:
    """Parse the command line, run the command, and exit.

    The exit status is 0 when the command is done, 2 after a mistake of the user's, and 130 after an
    interruption (Ctrl-C).

    Args:
        name: What the user typed, for example ``python -m nas.data``.
        commands: One command, or several by the name of their sub-command.

    Example:
        This is all that a ``__main__.py`` holds::

            from nas.common.cli import Command, main
            from nas.common.commands import typed
            from nas.train.settings import TrainSettings

            if __name__ == "__main__":
                main(typed("train"), Command(TrainSettings, "nas.train.command:run"))
    """
    interrupt_on_signals()
    _allow_any_text()
    try:
        import_named()
        command, settings = _read(name, commands, sys.argv[1:])
        module, function = command.run.split(":")
        getattr(importlib.import_module(module), function)(settings)
    except UserError as mistake:
        for line in mistake.code():
            print(line, file=sys.stderr)
        _print_error(f"{mistake}")
        sys.exit(2)
    except KeyboardInterrupt:
        _print_error("interrupted")
        end_interrupted()
    except BrokenPipeError:
        # Whoever read the output (head, less) has seen enough. Python writes what is left at exit,
        # and must not complain then either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def to_plain(settings: Any) -> dict[str, Any]:
    """Return a dataclass of settings as JSON values, in the form that ``--config`` reads.

    Example:
        >>> from nas.data.options import ImageOptions
        >>> to_plain(ImageOptions(crop=64))
        {'channel_axis': 'auto', 'crop': 64, 'allow_skipped': False, 'fill_nan': False}
    """
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings), default=str))
    return plain


def from_plain(kind: type[SettingsT], values: Mapping[str, Any]) -> SettingsT:
    """Return the settings that :func:`to_plain` wrote.

    Args:
        kind: Dataclass of the settings.
        values: JSON values, as they were read from a file.

    Raises:
        UserError: The values are not of this form: another version wrote them, or somebody changed
            them.

    Example:
        >>> from nas.data.options import ImageOptions
        >>> from_plain(ImageOptions, {"crop": 64}).crop
        64
    """
    command = Command(kind, "")
    parser = _parser("", command)
    settings: SettingsT = _settings(parser, command, lambda: _restored(parser, values))
    return settings


def _read(
    name: str, commands: Command | Mapping[str, Command], arguments: list[str]
) -> tuple[Command, Any]:
    """Return the command that was asked for, and its settings."""
    name, command = _choose(name, commands, arguments)
    if not isinstance(commands, Command):
        arguments = arguments[1:]
    parser = _parser(name, command)
    parser.everything = "--help-all" in arguments
    settings = _settings(parser, command, lambda: parser.parse_args(arguments))
    if (plain := command.earlier(settings)) is not None:
        # jsonargparse adds a flag of its own at every parse, so that each parse needs a new parser.
        anew = _parser(name, command)
        base = _restored(anew, plain)
        earlier = _settings(anew, command, lambda: base.clone())
        settings = _settings(anew, command, lambda: anew.parse_args(arguments, namespace=base))
        command.check_resumed(settings, earlier)
    command.check(settings)
    return command, settings


def _choose(
    name: str, commands: Command | Mapping[str, Command], arguments: list[str]
) -> tuple[str, Command]:
    """Return the full name of the command that the first argument names, and the command."""
    if isinstance(commands, Command):
        return name, commands
    if arguments and arguments[0] in commands:
        return f"{name} {arguments[0]}", commands[arguments[0]]
    summaries = {key: summary(command.settings) for key, command in commands.items()}
    if arguments and arguments[0] in ("-h", "--help", "--help-all"):
        print(listing(f"usage: {name} COMMAND [FLAGS]", summaries))
        sys.exit()
    if not arguments or arguments[0].startswith("-"):
        raise UserError(f"{name} needs a command first: choose one of {', '.join(commands)}")
    hint = did_you_mean(arguments[0], commands)
    raise UserError(
        f"{name} has no {arguments[0]}{hint or ':'} choose one of {', '.join(commands)}"
    )


def _settings(parser: FlagParser, command: Command, parse: Callable[[], Any]) -> Any:
    values = _parsed(parser, lambda: parser.instantiate(parse()))
    names = [field.name for field in dataclasses.fields(command.settings)]
    for name in names:
        # jsonargparse lets null through, which YAML of an earlier version may hold.
        if values[name] is None and NoneType not in get_args(parser.kinds.get(name)):
            raise UserError(f"--{name.replace('_', '-')}: null is no value of it: leave it out")
    given = {name: values[name] for name in names}
    require_sane(given)
    return command.settings(**given)


def _restored(parser: FlagParser, values: Mapping[str, Any]) -> Any:
    """Return what the parser makes of settings that were written down."""
    try:
        return parser.parse_object(dict(values))
    except (jsonargparse.ArgumentError, *STUMBLES) as error:
        raise UserError(f"the settings cannot be read ({parser.sentence(str(error))})") from error


def _parsed(parser: FlagParser, parse: Callable[[], Any]) -> Any:
    """Return what is parsed; a mistake becomes one sentence."""
    try:
        return parse()
    except jsonargparse.ArgumentError as error:
        raise UserError(f"{parser.sentence(str(error))} (see {parser.prog} --help)") from error
    except STUMBLES as error:
        # A YAML file can hold what jsonargparse does not expect, such as a number for a group of
        # settings.
        raise UserError(
            f"the settings are not of the form that {parser.prog} --print-config writes"
        ) from error


def _parser(name: str, command: Command) -> FlagParser:
    return flag_parser(name, command.settings, command.examples)


def _allow_any_text() -> None:
    """Have characters replaced that a terminal or log lacks, such as × in one of ASCII."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # None where a caller closed it
            stream.reconfigure(errors="replace")


def _print_error(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
