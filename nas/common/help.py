"""What ``--help`` shows: what people set first, in groups, with types in words and examples."""

import dataclasses
import inspect
import re
import shutil
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lens_nas_plugins.kinds import KINDS
from lens_nas_plugins.packages import entries, package_of
from nas.common.kinds import choices, in_words, is_list, kinds_of

# Groups with more flags are only named by --help, and explained by --help-all.
_MANY = 8

# Columns of a line, and of the flags before their explanations.
_WIDTH, _FLAGS = 100, 26

_PLACES: Mapping[Any, str] = {int: "N", float: "X", str: "TEXT", Path: "PATH"}


@dataclass(frozen=True)
class FlagGroup:
    """Flags that belong together."""

    title: str
    names: tuple[str, ...]
    """Settings by their names, such as ``augmentation.shift``."""
    folded: bool = False
    """Whether ``--help`` only names them."""


def groups_of(settings: type, titles: Mapping[str, str]) -> list[FlagGroup]:
    """Return the flags of a dataclass in groups: its own, those that it inherits, nested ones.

    Args:
        settings: dataclass of settings.
        titles: what each nested dataclass is for, by the name of its field.

    Example:
        >>> from nas.data.options import ReadOptions
        >>> [group.names[0] for group in groups_of(ReadOptions, {})]
        ['layout', 'channel_axis']
    """
    names = list(kinds_of(settings))
    groups: list[FlagGroup] = []
    nested: list[FlagGroup] = []
    for part in settings.__mro__:
        own = [name for name in inspect.get_annotations(part) if name in names]
        names = [name for name in names if name not in own]
        if own:
            title = re.split("[;:]", summary(part))[0].rstrip(".") if groups else "Settings"
            groups.append(FlagGroup(title, tuple(own), folded=bool(groups) and len(own) > _MANY))
    for field, title in titles.items():
        own = [name for name in names if name.startswith(f"{field}.")]
        nested.append(FlagGroup(title.rstrip("."), tuple(own), folded=True))
    return sorted(groups, key=lambda group: group.folded) + nested


def summary(settings: type) -> str:
    """Return the first paragraph of a dataclass's docstring, in one line."""
    return " ".join(_paragraphs(settings)[0].split())


def help_text(
    name: str,
    settings: type,
    explained: Mapping[str, str],
    titles: Mapping[str, str],
    examples: Mapping[str, str],
    *,
    everything: bool,
) -> str:
    """Return what ``--help`` prints.

    Args:
        name: what the user typed, for example ``python -m nas.search``.
        settings: dataclass of the command's settings.
        explained: what each setting means, by its name.
        titles: what each nested dataclass is for, by the name of its field.
        examples: flags by what is done with them.
        everything: whether to explain folded groups too.
    """
    width = min(_WIDTH, shutil.get_terminal_size().columns)
    kinds, defaults = kinds_of(settings), _defaults(settings)
    places = {one: _place(one, kind) for one, kind in kinds.items()}
    for field in dataclasses.fields(settings):
        if field.metadata.get("positional"):
            places[field.name] = f"[{field.name.upper()}]"
        elif field.name in kinds and field.name not in defaults and not field.kw_only:
            places[field.name] = field.name.upper()
    needed = [
        place
        for one, place in places.items()
        if not place.startswith("--") or ("." not in one and one not in defaults)
    ]
    lines = [" ".join(["usage:", name, *needed, "[FLAGS]"])]
    for paragraph in _paragraphs(settings):
        lines += ["", *textwrap.wrap(paragraph, width)]
    for group in groups_of(settings, titles):
        if group.folded and not everything:
            names = [places[one].split()[0].rstrip(",") for one in group.names]
            lines += ["", f"{group.title} (see --help-all):", *_wrapped(", ".join(names), width, 2)]
            continue
        lines += ["", f"{group.title}:"]
        for one in group.names:
            text = _explanation(explained[one], kinds[one], one, defaults)
            lines += _row(places[one], text, width)
    lines += _brought(kinds, width)
    lines += ["", "More:"]
    for flag, text in _MORE.items():
        lines += _row(flag, text, width)
    lines += ["", "Examples:"] if examples else []
    for done, words in examples.items():
        lines += [*_wrapped(f"{done}:", width, 2), f"    {name} {words}".rstrip()]
    return "\n".join(lines) + "\n"


def _brought(settings: Mapping[str, Any], width: int) -> list[str]:
    """Return the lines of what plug-ins bring for these settings; none of them is imported."""
    lines = []
    for name, kind in KINDS.items():
        flags = [f"--{one.replace('_', '-')}" for one in kind.settings if one in settings]
        for entry in entries(name) if flags else ():
            text = f"{kind.noun} of the package {package_of(entry)}"
            lines += _row(f"{flags[0]} {entry.name}", text, width)
    return ["", "Brought by plug-ins:", *lines] if lines else []


_MORE = {
    "--help, --help-all": "Show this help, or that of all flags.",
    "--config PATH": "YAML file with settings; flags after it take precedence.",
    "--print-config": "Print the settings as YAML, with what else is given, and end.",
}


def listing(usage: str, commands: Mapping[str, str]) -> str:
    """Return the help of several commands: what each does, in a line.

    Example:
        >>> print(listing("usage: sky COMMAND", {"look": "see stars"}))
        usage: sky COMMAND
        <BLANKLINE>
          look  see stars
    """
    width = max(map(len, commands))
    return "\n".join(
        [usage, "", *(f"  {name:<{width}}  {does}" for name, does in commands.items())]
    )


def _paragraphs(settings: type) -> list[str]:
    """Return the paragraphs of a docstring before its example."""
    paragraphs = (inspect.getdoc(settings) or "").split("\n\n")
    known = [number for number, text in enumerate(paragraphs) if text.startswith("Example:")]
    return paragraphs[: known[0] if known else None]


def _defaults(settings: type) -> dict[str, Any]:
    """Return the defaults of settings by their names; those that must be given have none."""
    defaults: dict[str, Any] = {}
    fields: Iterable[Any] = dataclasses.fields(settings)
    for field in fields:
        if field.default_factory is not dataclasses.MISSING:
            defaults |= _values(field.default_factory(), f"{field.name}.")
        elif field.default is not dataclasses.MISSING:
            defaults |= _values(field.default, f"{field.name}.")
    return defaults


def _values(value: Any, prefix: str) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value):
        return {prefix.rstrip("."): value}
    values: dict[str, Any] = {}
    for field in dataclasses.fields(value):
        values |= _values(getattr(value, field.name), f"{prefix}{field.name}.")
    return values


def _place(name: str, kind: Any) -> str:
    """Return a flag and the place of its value, such as ``--trials N``."""
    dashed = name.replace("_", "-")
    if kind is bool:
        return f"--{dashed}, --no-{dashed}"
    if names := choices(kind):
        return f"--{dashed} {{{','.join(names)}}}"
    if is_list(kind):
        return f"--{dashed} A,B"
    found = next((place for one, place in _PLACES.items() if one in (kind, *_parts(kind))), "VALUE")
    return f"--{dashed} {found}"


def _parts(kind: Any) -> tuple[Any, ...]:
    parts: tuple[Any, ...] = getattr(kind, "__args__", ())
    return parts


def _explanation(text: str, kind: Any, name: str, defaults: Mapping[str, Any]) -> str:
    notes = [] if kind is bool or choices(kind) else [in_words(kind)]
    if name not in defaults:
        notes.append("required")
    elif "default" not in text:
        notes.append(f"default: {_shown(defaults[name])}")
    return f"{text} ({'; '.join(notes)})" if notes else text


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(map(str, value)) or "none"
    return "none" if value in (None, "") else str(value)


def _row(flag: str, text: str, width: int) -> list[str]:
    """Return the lines of a flag and its explanation, which begins below where the flag is long."""
    lines = _wrapped(text, width, _FLAGS)
    if len(flag) + 4 > _FLAGS:
        return [f"  {flag}", *lines]
    return [f"  {flag}".ljust(_FLAGS) + lines[0].lstrip(), *lines[1:]]


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    spaces = " " * indent
    return textwrap.wrap(
        " ".join(text.split()),
        width,
        initial_indent=spaces,
        subsequent_indent=spaces,
        break_on_hyphens=False,
        break_long_words=False,
    )
