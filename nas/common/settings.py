"""Settings that are made of others: a command's inherit those of its parts."""

from dataclasses import fields
from typing import Any, TypeVar

_Part = TypeVar("_Part")


def part(kind: type[_Part], settings: _Part) -> _Part:
    """Return one part alone of settings that inherit its fields.

    Args:
        kind: a dataclass.
        settings: of this or a class below it.
    """
    of: Any = kind
    return kind(**{item.name: getattr(settings, item.name) for item in fields(of)})
