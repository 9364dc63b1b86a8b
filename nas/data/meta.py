"""What an entry of the cache says of its data set: ``meta.json``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from nas.common.artefacts import checked, read_json, reading
from nas.common.rules import Count, Must, Text

META = "meta.json"
"""Name of the file in an entry of the cache."""


@dataclass(frozen=True)
class _Skipped:
    file: str
    reason: str


@dataclass(frozen=True)
class _Resized:
    cropped: Count
    padded: Count


@dataclass(frozen=True)
class _Filled:
    images: Count
    pixels: Count


@dataclass(frozen=True)
class _Duplicates:
    within_splits: Count
    across_splits: Count
    across_classes: Count
    examples: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class _Meta:
    directory: Text
    fingerprint: Text
    layout: Text
    classes: tuple[Text, ...]
    notes: tuple[str, ...]
    image_shape: Annotated[
        tuple[Count, Count, Count], Must(lambda shape: 0 not in shape, "channels, height and width")
    ]
    dtype: Text
    value_range: tuple[float, float]
    splits: dict[str, dict[str, Count]]
    filled: _Filled
    resized: _Resized | None
    duplicates: _Duplicates
    skipped: tuple[_Skipped, ...]


@dataclass(frozen=True)
class _Source:
    directory: Text


def read_source(entry: Path) -> Path:
    """Return the directory that an entry was made of, by any version.

    Raises:
        DamageError: the file is damaged.
        OSError: there is none, or it cannot be read.
    """
    return Path(checked(_Source, read_json(entry / META)).directory)


def read_meta(entry: Path) -> dict[str, Any]:
    """Return the JSON values that describe the data set of an entry.

    Raises:
        UserError: the file is damaged.
        FileNotFoundError: there is none.
    """
    path = entry / META
    with reading(path, f"remove {entry}, and the data set is read again"):
        values = checked(dict[str, Any], read_json(path))
        checked(_Meta, values)
    return values
