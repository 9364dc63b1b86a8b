"""How every command turns a frozen dataclass into flags, help and YAML, and a mistake into one sentence.

A command is a function of one frozen dataclass. Its fields are the flags (``image_size`` is ``--image-size``), a field
that has no default is positional, as is one with :data:`POSITIONAL`, the strings below the fields are the help, and
``--config FILE`` and ``--print-config`` read and write the same fields as YAML.
"""

import dataclasses
import inspect
import json
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import jsonargparse

from nas.errors import UserError

Settings = TypeVar("Settings")

POSITIONAL = {"positional": True}
"""Metadata of a field that has a default, and is positional all the same."""


@dataclass(frozen=True)
class Command:
    """One command: the dataclass of its settings, and the function that is called with an instance of it."""

    settings: type
    run: Callable[[Any], None]
    begun: Callable[[Any], Path | None] = lambda settings: None
    """The file, of the form that ``--config`` reads, with the settings of what is gone on with, if something is: they
    stand where no flag is given. For single commands."""


def main(name: str, commands: Command | Mapping[str, Command]) -> None:
    """Parse the command line, run the command, and exit: 0 done, 2 a mistake of the user's, 130 interrupted.

    Args:
        name: what the user typed, for example ``python -m nas.data``.
        commands: one command, or several by the name of their sub-command.
    """
    try:
        command, settings = _parse(name, commands)
        command.run(settings)
    except _mistakes() as mistake:
        _print_error(f"{mistake}")
        sys.exit(2)
    except KeyboardInterrupt:
        _print_error("interrupted")
        sys.exit(130)
    except BrokenPipeError:
        # Whoever read our output (head, less) has seen enough; Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def to_plain(settings: Any) -> dict[str, Any]:
    """A dataclass of settings as values that YAML and JSON know, in the form that ``--config`` reads."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(settings), default=str))
    return plain


def from_plain(kind: type[Settings], values: Mapping[str, Any]) -> Settings:
    """The settings that ``to_plain`` wrote.

    Args:
        kind: their dataclass.
        values: as read from a file.

    Raises:
        UserError: another version wrote them, or somebody changed them.
    """
    parser = _parser("", Command(kind, lambda settings: None))
    try:
        parsed = parser.instantiate(parser.parse_object(dict(values)))
    except (jsonargparse.ArgumentError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"the settings cannot be read ({_sentence(str(error))})") from error
    return kind(**{field.name: parsed[field.name] for field in dataclasses.fields(kind)})  # type: ignore[arg-type]


class _Parser(jsonargparse.ArgumentParser):
    """Flags with dashes, as users expect them, and booleans as ``--flag`` / ``--no-flag``.

    Attributes:
        optional: names of the arguments that are positional although they have a default.
    """

    optional: frozenset[str] = frozenset()

    def add_argument(self, *args: Any, **kwargs: Any) -> Any:
        args = tuple(arg.replace("_", "-") if arg.startswith("--") else arg for arg in args)
        # jsonargparse gives this method to groups of arguments too, which know their parser.
        name = args[0].removeprefix("--")
        if name in getattr(self, "parser", self).optional:
            args, kwargs = (name,), {**kwargs, "nargs": "?"}
        if kwargs.get("type") is bool:
            del kwargs["type"]
            kwargs["action"] = jsonargparse.ActionYesNo(yes_prefix="", no_prefix="no-")
        return super().add_argument(*args, **kwargs)


def _parse(name: str, commands: Command | Mapping[str, Command]) -> tuple[Command, Any]:
    command, settings = _read(name, commands, sys.argv[1:])
    begun = command.begun(settings)
    if begun is not None:
        command, settings = _read(name, commands, ["--config", str(begun), *sys.argv[1:]])
    return command, settings


def _read(name: str, commands: Command | Mapping[str, Command], arguments: list[str]) -> tuple[Command, Any]:
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    if isinstance(commands, Command):
        parser = _parser(name, commands)
    else:
        parser = _Parser(prog=name, exit_on_error=False)
        subcommands = parser.add_subcommands(metavar="COMMAND")
        for subname, command in commands.items():
            subparser = _parser(f"{name} {subname}", command)
            subcommands.add_subcommand(subname, subparser, help=_summary(command.settings))
    given = next((argument for argument in arguments if not argument.startswith("-")), "")
    asked = name if isinstance(commands, Command) or given not in commands else f"{name} {given}"
    try:
        values = parser.instantiate(parser.parse_args(arguments))
    except jsonargparse.ArgumentError as error:
        raise UserError(f"{_sentence(str(error))} (see {asked} --help)") from error
    except (AttributeError, TypeError, ValueError) as error:
        # A YAML file can hold what jsonargparse does not expect, such as a number for a group of settings.
        raise UserError(f"the settings are not of the form that {asked} --print-config writes") from error
    if isinstance(commands, Command):
        command = commands
    else:
        command = commands[values.subcommand]
        values = values[values.subcommand]
    fields = dataclasses.fields(command.settings)
    return command, command.settings(**{field.name: values[field.name] for field in fields})


def _parser(name: str, command: Command) -> _Parser:
    parser = _Parser(
        prog=name,
        description=_summary(command.settings),
        exit_on_error=False,
        print_config="--print-config",
    )
    parser.add_argument("--config", action="config", help="YAML file with settings; flags after it take precedence.")
    parser.optional = frozenset(
        field.name for field in dataclasses.fields(command.settings) if field.metadata.get("positional")
    )
    parser.add_class_arguments(command.settings, as_positional=True)
    return parser


def _sentence(message: str) -> str:
    """Put jsonargparse's message in terms of flags, in one line."""
    message = " ".join(message.split()).rstrip(".")
    message = re.sub(r'^Parser key "([\w.]+)": *', lambda match: f"--{match[1].replace('_', '-')}: ", message)
    message = re.sub(r"<class '(\w+)'>", r"\1", message)
    message = message.replace("Expected a tuple.", "expected a list such as '[a, b]'.")
    return re.sub(r"Expected an? (.*)\. Got value: ", r"expected \1, got ", message)


def _summary(settings: type) -> str:
    return (inspect.getdoc(settings) or "").split("\n\n")[0].replace("\n", " ")


def _mistakes() -> tuple[type[Exception], ...]:
    """The exceptions that are a user's mistake; ``search_spaces`` is asked only if the command has loaded it."""
    spaces = sys.modules.get("search_spaces")
    return (UserError,) if spaces is None else (UserError, spaces.SpaceError)


def _print_error(sentence: str) -> None:
    print(f"error: {sentence}", file=sys.stderr)
