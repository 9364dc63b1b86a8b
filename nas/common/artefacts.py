"""Files that a command reads: what they say is checked before it is believed.

A file may come from another version, another machine or a stranger, and a disk may have damaged it.
So it is read in two steps: :func:`read_json`, :func:`read_yaml` and :func:`read_table` return plain
values, within limits on size and depth, and :func:`checked` turns values into the dataclass that
wrote them, which is their schema. Types are strict: ``"1"``, ``1.0`` and ``true`` are no ``1``, and
no number is infinite. Keys that the dataclass lacks are ignored, since a later version may have
written them; keys that it has a default for may be missing, since an earlier version may have.

Whatever fails is a :class:`DamageError`, and :func:`reading` makes one sentence of it.
"""

import csv
import io
import json
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import yaml

from nas.common.errors import UserError

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

T = TypeVar("T")

# The largest files of ours, tables of many thousand candidates, have some ten million bytes. YAML
# is written by hand, and read slowly.
_MOST_BYTES = 10**8
_MOST_BYTES_OF_YAML = 10**5
_DEEPEST_YAML = 32

# Number of characters that are shown of a reason or a name that the file gives.
_LONG = 100


class DamageError(ValueError):
    """What is wrong with a file, in a few words; :func:`reading` says in which file."""


@contextmanager
def reading(what: object, then: str) -> Iterator[None]:
    """Say which file is damaged, and what to do, where the ``with`` block finds a mistake in it.

    Args:
        what: Path of the file, or other words for what is read.
        then: End of the sentence that the user reads, which says what to do: ``remove it, and the
            same command writes it anew``.

    Raises:
        UserError: The file cannot be read, or is not what it should be.
        FileNotFoundError: There is no such file, of which the caller knows more.

    Example:
        >>> with reading("scores.json", "remove it"):
        ...     checked(int, 0.5)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        lens_nas_plugins.mistakes.UserError: scores.json is damaged (input should be ...): remove it
    """
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{what} cannot be read ({error.strerror}): {then}") from error
    except DamageError as error:
        raise UserError(f"{what} is damaged ({error}): {then}") from error


def read_json(path: Path) -> Any:
    """Return the values in a JSON file.

    Raises:
        DamageError: The file is no JSON, is too large or nested too deep, or holds a number that is
            not finite.
        OSError: The file cannot be read.
    """
    return parse_json(_read(path, _MOST_BYTES))


def parse_json(text: str | bytes) -> Any:
    """Return the values in a text of JSON.

    Raises:
        DamageError: The text is no JSON, is nested more than two hundred deep, or holds a number
            that is not finite.

    Example:
        >>> parse_json('{"auc": [0.93, null]}')
        {'auc': [0.93, None]}
    """
    # Python's own parser follows nesting until its stack is full, and reads NaN as a number.
    from pydantic_core import from_json

    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError as error:
        raise DamageError(short(f"no JSON: {error}")) from error


def read_yaml(path: Path) -> Any:
    """Return the values in a YAML file.

    Raises:
        DamageError: The file is no YAML, is too large or nested too deep, or has aliases, with
            which a few lines become gigabytes.
        OSError: The file cannot be read.
    """
    text = _read(path, _MOST_BYTES_OF_YAML)
    try:
        check_yaml(text)
        return yaml.safe_load(text)
    except DamageError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise DamageError(short(f"no YAML: {error}")) from error


def check_yaml(text: str) -> None:
    """Check that a text of YAML is safe to be read.

    Raises:
        DamageError: The text is too large or nested too deep, or has aliases.
        yaml.YAMLError: The text is no YAML.
    """
    if len(text) > _MOST_BYTES_OF_YAML:
        raise DamageError(f"more than {_MOST_BYTES_OF_YAML:,} characters")
    depth = 0
    # Only within a list or a mapping can an alias name what stands before it.
    for event in yaml.parse(text, yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) and depth:
            raise DamageError(f"the alias *{short(event.anchor)}, which settings must not have")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST_YAML:
            raise DamageError(f"nested more than {_DEEPEST_YAML} deep")


def read_table(path: Path, kind: type[T]) -> list[T]:
    """Return the lines of a CSV file.

    Args:
        path: File, whose first line names the columns.
        kind: Dataclass of a line, whose fields are the columns. An empty cell is a missing one, and
            a column ``scores.ece`` is what the field ``scores`` has by the name ``ece``.

    Raises:
        DamageError: The file is no such table, or is too large.
        OSError: The file cannot be read.
    """
    from pydantic import ValidationError

    lines = csv.DictReader(io.StringIO(_read(path, _MOST_BYTES), newline=""))
    found = []
    try:
        for line in lines:
            cells: dict[str, Any] = {}
            for name, cell in line.items():
                if isinstance(cell, str) and cell:
                    field, dot, key = name.partition(".")
                    if dot:
                        cells.setdefault(field, {})[key] = cell
                    else:
                        cells[name] = cell
            found.append(_adapter(cast("Hashable", kind)).validate_strings(cells))
    except csv.Error as error:
        raise DamageError(short(f"line {lines.line_num}: {error}")) from error
    except ValidationError as error:
        raise DamageError(f"line {lines.line_num}, {_told(error.errors()[0])}") from error
    return found


def checked(kind: type[T], values: Any) -> T:
    """Return the value of a type that JSON values say.

    Args:
        kind: Dataclass or other type with the schema.
        values: JSON values, as they were read.

    Raises:
        DamageError: The values are not of this type.

    Example:
        >>> from nas.data.options import ImageOptions
        >>> checked(ImageOptions, {"crop": 64, "of_a_later_version": True}).crop
        64
        >>> checked(tuple[int, int], [48, "48"])
        Traceback (most recent call last):
        ...
        nas.common.artefacts.DamageError: 1: input should be a valid integer
    """
    from pydantic import ValidationError

    try:
        text = json.dumps(values, allow_nan=False)
        value: T = _adapter(cast("Hashable", kind)).validate_json(text, strict=True)
    except ValidationError as error:
        raise DamageError(_told(error.errors()[0])) from error
    # Python's JSON refuses what is not finite, and what only YAML can hold. A dataclass may refuse
    # its values with a sentence of its own.
    except (TypeError, ValueError, RecursionError, UserError) as error:
        raise DamageError(short(error)) from error
    return value


def _read(path: Path, most: int) -> str:
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise DamageError(f"more than {most:,} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DamageError(f"no text: {error.reason} at byte {error.start}") from error


@cache
def _adapter(kind: Hashable) -> "TypeAdapter[Any]":
    # Importing pydantic takes as long as all else that the answer to --help needs.
    from pydantic import TypeAdapter

    return TypeAdapter(cast("Any", kind))


def _told(error: "ErrorDetails") -> str:
    place = short(".".join(str(part) for part in error["loc"]))
    message = short(error["msg"][:1].lower() + error["msg"][1:])
    return f"{place}: {message}" if place else message


def short(text: object) -> str:
    r"""Return a text of a stranger's as one line of a length that can be read.

    Example:
        >>> short("two\nlines")
        'two lines'
    """
    text = str(text)
    line = "".join(letter if letter.isprintable() else " " for letter in text[: _LONG + 1])
    line = " ".join(line.split())
    return line if len(text) <= _LONG else f"{line}…"
