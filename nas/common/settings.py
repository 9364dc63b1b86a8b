"""Settings that are made of others: the settings of a command inherit those of its parts."""

from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar, get_args

SPACE = "lens_nano"
"""Search space of commands that are given none: its symmetric networks learn most from few images
(``results/symmetry``)."""

_Part = TypeVar("_Part")


def part(kind: type[_Part], settings: _Part) -> _Part:
    """Return one part alone of settings that inherit its fields.

    Args:
        kind: Dataclass of the part.
        settings: Settings of this class, or of a class that inherits from it.

    Example:
        >>> from nas.search.options import Limits
        >>> from nas.search.settings import SearchSettings
        >>> part(Limits, SearchSettings(max_params=100_000, trials=20))
        Limits(max_params=100000, max_flops=None, max_latency_ms=None, latency_batch=64)
    """
    of: Any = kind
    return kind(**{item.name: getattr(settings, item.name) for item in fields(of)})


def take_strings(settings: Any) -> None:
    """Turn the strings in settings into paths, where paths belong: notebooks write ``data="dir"``.

    Args:
        settings: Frozen dataclass that is being made.

    Example:
        >>> from nas.export.settings import ExportSettings
        >>> ExportSettings(checkpoint="model.safetensors", onnx="lens.onnx").onnx.suffix
        '.onnx'
    """
    for item in fields(settings):
        value = getattr(settings, item.name)
        if Path not in (item.type, *get_args(item.type)):
            continue
        if isinstance(value, str):
            object.__setattr__(settings, item.name, Path(value))
        elif isinstance(value, list | tuple):
            object.__setattr__(settings, item.name, tuple(map(Path, value)))
