"""The flags of a command: those of a dataclass, as people and YAML files write them."""

import dataclasses
import re
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any

import jsonargparse
import yaml

from lens_nas_plugins.mistakes import did_you_mean
from nas.common.artefacts import DamageError, check_yaml, short
from nas.common.errors import UserError
from nas.common.help import help_text
from nas.common.kinds import (
    choices,
    in_words,
    is_list,
    kinds_of,
    split_list,
    with_lists,
)

POSITIONAL = {"positional": True}
"""Metadata of a field that is positional although it has a default."""

STUMBLES = (AttributeError, KeyError, TypeError, ValueError, OverflowError, RecursionError)
"""What jsonargparse raises over values that it does not expect."""

_load_yaml = jsonargparse.get_loader("yaml")


def flag_parser(
    name: str, settings: type, examples: Mapping[str, str] = MappingProxyType({})
) -> "FlagParser":
    """Return a parser of the flags that a dataclass of settings has.

    Args:
        name: what the user typed, for example ``python -m nas.search``.
        settings: the dataclass.
        examples: flags by what is done with them, for its help.

    Example:
        >>> from nas.data.options import ReadOptions
        >>> parser = flag_parser("read", ReadOptions)
        >>> parser.parse_args(["--classes", "lens,nonlens"]).classes
        ('lens', 'nonlens')
    """
    jsonargparse.set_parsing_settings(docstring_parse_attribute_docstrings=True)
    jsonargparse.set_loader("yaml", _load, (yaml.YAMLError, DamageError))
    parser = FlagParser(
        prog=name,
        exit_on_error=False,
        allow_abbrev=False,
        print_config="--print-config",
    )
    parser.add_argument("--config", action="config")
    parser.add_argument("--help-all", action="help")
    fields = dataclasses.fields(settings)
    parser.optional = frozenset(field.name for field in fields if field.metadata.get("positional"))
    parser.kinds, parser.settings, parser.examples = kinds_of(settings), settings, examples
    parser.add_class_arguments(settings, as_positional=True)
    return parser


class FlagParser(jsonargparse.ArgumentParser):
    """A parser whose flags have dashes, booleans ``--flag`` and ``--no-flag``, lists ``a,b``.

    Attributes:
        optional: names of the arguments that are positional although they have a default.
        kinds: types of the settings by their names.
        settings: dataclass of the settings.
        examples: flags by what is done with them.
        everything: whether help explains all flags.
        explained: what each setting means.
    """

    optional: frozenset[str] = frozenset()
    kinds: Mapping[str, Any] = MappingProxyType({})
    settings: type
    examples: Mapping[str, str]
    everything: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.explained: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def format_help(self, formatter: Any = None) -> str:
        """Return what ``--help`` prints."""
        nested = {name.replace("-", "_"): group for name, group in (self.groups or {}).items()}
        titles = {
            name: str(group.title)
            for name, group in nested.items()
            if any(one.startswith(f"{name}.") for one in self.kinds) and "." not in name
        }
        return help_text(
            self.prog,
            self.settings,
            self.explained,
            titles,
            self.examples,
            everything=self.everything,
        )

    def add_argument(self, *args: Any, **kwargs: Any) -> Any:
        """Add a flag; jsonargparse gives this method to groups too, which know their parser."""
        args = tuple(arg.replace("_", "-") if arg.startswith("--") else arg for arg in args)
        parser = getattr(self, "parser", self)
        name = args[0].removeprefix("--")
        if name in parser.optional:
            args, kwargs = (name,), {**kwargs, "nargs": "?"}
        if kwargs.get("type") is bool:
            del kwargs["type"]
            kwargs["action"] = jsonargparse.ActionYesNo(yes_prefix="", no_prefix="no-")
        action = super().add_argument(*args, **kwargs)
        setting = name.replace("-", "_")
        parser.explained[setting] = kwargs.get("help") or ""
        if is_list(parser.kinds.get(setting)):
            action.type = split_list  # argparse calls it with what was typed
        return action

    def parse_path(self, cfg_path: Any, *args: Any, **kwargs: Any) -> Any:
        """Read a file of settings."""
        try:
            return super().parse_path(cfg_path, *args, **kwargs)
        except (jsonargparse.ArgumentError, *STUMBLES) as error:
            reason = self.sentence(str(error)).removeprefix("Problems parsing config: ")
            raise UserError(
                f"--config {cfg_path} cannot be used ({short(reason)}): give a file of the form "
                f"that {self.prog} --print-config writes"
            ) from error

    def parse_string(self, content: str, *args: Any, **kwargs: Any) -> Any:
        """Read settings as YAML, where lists may be text."""
        with suppress(yaml.YAMLError, DamageError):  # of which jsonargparse will complain
            values = _load(content)
            if (listed := with_lists(values, self.kinds)) != values:
                content = yaml.safe_dump(listed)
        return super().parse_string(content, *args, **kwargs)

    def parse_object(self, cfg_obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Read settings as YAML has them, where lists may be text."""
        return super().parse_object(with_lists(cfg_obj, self.kinds), *args, **kwargs)

    def sentence(self, message: str) -> str:
        """Return jsonargparse's message in terms of flags, in one line.

        Example:
            >>> from nas.data.options import ReadOptions
            >>> parser = flag_parser("read", ReadOptions)
            >>> parser.sentence('Parser key "crop": Expected a int. Got value: big')
            '--crop: expected a whole number, got big'
        """
        message = " ".join(message.split()).rstrip(".")
        if unknown := re.match(r"unrecognized arguments: ([^\s=]+)", message):
            return self._unknown(unknown[1])
        if key := re.match(r"Option '(.+)' is not|Group '(.+)' does not accept .+ '(.+)'", message):
            name = ".".join(part for part in key.groups() if part)
            return f"there is no setting {name}{did_you_mean(name, self.kinds)}"
        missing = re.fullmatch(r"argument --([\w.-]+): expected one argument", message)
        if missing and (kind := self.kinds.get(missing[1].replace("-", "_"))):
            return f"--{missing[1]}: a value is missing, {in_words(kind)}"
        if needed := re.match("the following arguments are required: (.+)", message):
            return f"{' and '.join(map(self._typed, needed[1].split(', ')))} must be given"
        wrong = re.match(r'Parser key "([\w.]+)": *', message)
        if wrong is None:
            return message
        flag, rest = f"--{wrong[1].replace('_', '-')}", message[wrong.end() :]
        if wrong[1] not in self.kinds or "value:" not in rest:
            return f"{flag}: {rest}"
        kind, value = self.kinds[wrong[1]], rest.split("value:")[-1].strip()
        if is_list(kind):
            value = value.replace("'", "").strip("[]")
        return (
            f"{flag}: expected {in_words(kind)}, got {value or 'nothing'}"
            f"{did_you_mean(value, choices(kind))}"
        )

    @property
    def _places(self) -> dict[str, str]:
        """Settings that are given without a flag, as the help calls them."""
        fields = dataclasses.fields(self.settings)
        return {
            one.name: one.name.upper()
            for one in fields
            if one.name in self.optional or not one.kw_only
        }

    def _typed(self, name: str) -> str:
        return self._places.get(name, f"--{name.replace('_', '-')}")

    def _unknown(self, word: str) -> str:
        if not word.startswith("-"):
            return f"{word} belongs to no flag"
        flags = ["--help", "--help-all", "--config", "--print-config"]
        for name, kind in self.kinds.items():
            if name in self._places:
                continue
            flag = name.replace("_", "-")
            flags += [f"--{flag}", f"--no-{flag}"] if kind is bool else [f"--{flag}"]
        return f"there is no flag {word}{did_you_mean(word, flags)}"


def _load(text: str) -> Any:
    """Read YAML, when it is safe to be read.

    Raises:
        DamageError: the text, or one in it, is too large or nested too deep, or has aliases.
    """
    check_yaml(text)
    values = _load_yaml(text)
    leaves = [values]
    while leaves:
        leaf = leaves.pop()
        if isinstance(leaf, str):
            # jsonargparse reads a text once more where it wants a number or a list.
            with suppress(yaml.YAMLError):
                check_yaml(leaf)
        else:
            leaves += (
                leaf.values() if isinstance(leaf, dict) else leaf if isinstance(leaf, list) else ()
            )
    return values
