"""Tables of benchmarks, which are written anew after each row and read when one goes on."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from nas.common.artefacts import read_table, reading
from nas.common.files import write_text


class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]


RowT = TypeVar("RowT", bound=_Dataclass)


def read_lines(path: Path, kind: type[RowT]) -> list[RowT]:
    """Return the rows of a table; none where there is no file.

    Args:
        path: CSV file.
        kind: Dataclass of a row.

    Raises:
        UserError: the table is damaged.
    """
    if not path.exists():
        return []
    with reading(path, "restore it, or give another --out"):
        return read_table(path, kind)


def write_lines(path: Path, kind: type[RowT], rows: Iterable[RowT]) -> None:
    """Write a table, whole or not at all.

    Args:
        path: CSV file.
        kind: Dataclass of a row.
        rows: The rows.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(kind)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(path, text.getvalue())
