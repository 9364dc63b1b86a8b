"""The types of settings: which there are, and how people read and write their values."""

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

# One value, several of them, and how those are written.
_WORDS: dict[Any, tuple[str, str, str]] = {
    bool: ("yes or no", "answers", "yes,no"),
    int: ("a whole number", "whole numbers", "1,2"),
    float: ("a number", "numbers", "0.5,1"),
    str: ("text", "names", "a,b"),
    Path: ("a path", "paths", "a,b"),
}


def kinds_of(settings: type, prefix: str = "") -> dict[str, Any]:
    """Return the types of a dataclass's fields, with those of nested settings under dotted names.

    Args:
        settings: dataclass of settings.
        prefix: what stands before the names.

    Example:
        >>> from nas.data.options import Augmentation
        >>> kinds_of(Augmentation)["shift"]
        <class 'int'>
    """
    kinds: dict[str, Any] = {}
    for name, kind in get_type_hints(settings).items():
        nested = isinstance(kind, type) and is_dataclass(kind)
        kinds |= kinds_of(kind, f"{prefix}{name}.") if nested else {prefix + name: kind}
    return kinds


def is_list(kind: Any) -> bool:
    """Return whether several values can be given."""
    return any(get_origin(one) is tuple for one in (kind, *get_args(kind)))


def split_list(text: str) -> str | list[str]:
    """Return the values of a list that was typed as ``a,b``; a list in brackets is YAML.

    Example:
        >>> split_list("0.5, 0.1")
        ['0.5', '0.1']
        >>> split_list("[0.5, 0.1]")
        '[0.5, 0.1]'
        >>> split_list("[/b]a,b")  # paths may have brackets
        ['[/b]a', 'b']
    """
    if re.fullmatch(r"\s*\[.*\]\s*", text, re.DOTALL):
        return text
    return [item.strip() for item in text.split(",") if item.strip()]


def with_lists(values: Any, kinds: Mapping[str, Any], prefix: str = "") -> Any:
    """Return settings as YAML has them, where text (``a,b``) or one value may stand for a list.

    Args:
        values: settings by their names, those of nested ones in mappings of their own.
        kinds: types of all settings, as :func:`kinds_of` returns them.
        prefix: what stands before the names in ``kinds``.

    Example:
        >>> with_lists({"objectives": "auc,params"}, {"objectives": tuple[str, ...]})
        {'objectives': ['auc', 'params']}
    """
    if not isinstance(values, Mapping):
        return values
    return {
        name: split_list(str(value))
        if isinstance(value, str | int | float) and is_list(kinds.get(f"{prefix}{name}"))
        else with_lists(value, kinds, f"{prefix}{name}.")
        for name, value in values.items()
    }


def choices(kind: Any) -> list[str]:
    """Return the values that a setting is limited to; none where it is not."""
    return [str(value) for value in get_args(kind)] if get_origin(kind) is Literal else []


def in_words(kind: Any) -> str:
    """Return what may be given, for a sentence.

    Example:
        >>> in_words(int | None)
        'a whole number'
        >>> in_words(tuple[float, ...])
        'numbers such as 0.5,1'
        >>> in_words(Literal["auto", "first", "last"])
        'one of auto, first, last'
    """
    if names := choices(kind):
        return f"one of {', '.join(names)}"
    if get_origin(kind) is tuple:
        one, *others = get_args(kind)
        _, several, example = _WORDS[one]
        count = "" if others == [...] else f"{len(others) + 1} "
        return f"{count}{several} such as {example}"
    if kind in _WORDS:
        return _WORDS[kind][0]
    # Of a list or one value the list says more.
    return in_words(next(one for one in get_args(kind) if one is not NoneType))
