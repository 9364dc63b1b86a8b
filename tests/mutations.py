"""What damage and malice make of a file that says something in JSON."""

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from nas.common.errors import UserError

REPLACEMENTS: dict[str, Any] = {
    "null": None,
    "-1": -1,
    "1.5": 1.5,
    "text": "1",
    "true": True,
    "list": [],
    "mapping": {},
    "inner": [[None]],
    "huge": 10**400,
    "long": "x" * 50_000,
    "lines": "two\nlines \x1b[31m",
    "deep": json.loads("[" * 150 + "]" * 150),
}
"""What comes in the place of a value, by name."""

TEXTS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"model": ',
    "no text": b"\xff\xfe\x00{",
    "null": b"null",
    "list": b"[]",
    "number": b"5",
    "not a number": b'{"auc": NaN}',
    "infinite": b'{"auc": 1e999}',
    "many digits": b'{"auc": ' + b"1" * 100_000 + b"}",
    "deep": b"[" * 100_000,
    "deep mappings": b'{"a":' * 100_000,
}
"""Whole files by name, none of which is an artefact of ours."""


def mutants(values: Any, names: Collection[str] = REPLACEMENTS) -> Iterator[tuple[str, Any]]:
    """Yield copies in which one value, inner ones and leaves, is another or is gone, by name.

    Args:
        values: JSON values.
        names: names of the replacements.
    """
    items = (
        values.items()
        if isinstance(values, dict)
        else enumerate(values)
        if isinstance(values, list)
        else ()
    )
    for key, value in items:
        yield f"{key} gone", _without(values, key)
        for name in names:
            yield f"{key} is {name}", _with(values, key, REPLACEMENTS[name])
        for name, inner in mutants(value, names):
            yield f"{key}.{name}", _with(values, key, inner)


def survives(read: Callable[[], Any], file: Path) -> bool:
    """Return whether a file is read; if not, one sentence must say so and name the file."""
    try:
        read()
    except UserError as mistake:
        sentence = str(mistake)
        assert str(file) in sentence, sentence
        assert sentence.isprintable(), sentence
        assert len(sentence) < 1_000, sentence
        return False
    return True


def require_schema(
    file: Path,
    read: Callable[[], Any],
    write: Callable[[Any], None],
    values: Any,
    names: Collection[str] = REPLACEMENTS,
) -> None:
    """Mutate every value of a file: it is read all the same, or a sentence says what is wrong.

    Args:
        file: the file, which every sentence must name.
        read: the reader that commands use, and what they do at once with what was read.
        write: what writes JSON values to the file.
        values: JSON values of the file as it is whole.
        names: names of the replacements.
    """
    write(values)
    read()
    outcomes = []
    for name, mutant in mutants(values, names):
        write(mutant)
        try:
            outcomes.append(survives(read, file))
        except Exception as error:
            raise AssertionError(f"{name}: {error!r}") from error
    assert not all(outcomes)
    write(values)
    read()


def write_json(file: Path) -> Callable[[Any], None]:
    """Return what writes JSON values to a file."""

    def write(values: Any) -> None:
        file.write_text(json.dumps(values), encoding="utf-8")

    return write


def _without(values: Any, key: Any) -> Any:
    if isinstance(values, dict):
        return {name: value for name, value in values.items() if name != key}
    return values[:key] + values[key + 1 :]


def _with(values: Any, key: Any, value: Any) -> Any:
    if isinstance(values, dict):
        return {**values, key: value}
    return [*values[:key], value, *values[key + 1 :]]
