"""The page: words, pictures and tables, put into one HTML file that needs nothing beside it.

Whatever the words are, the template escapes them; and the page forbids its reader's browser to load
anything or to run another script than its own.
"""

import base64
import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2

from nas.common.errors import UserError
from nas.common.files import atomic_path, make_directory, write_text
from nas.report.drawing import FILE_NAME, Picture

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cell:
    """A cell of a table.

    Attributes:
        text: text that is seen.
        value: number that the cell is sorted by; None sorts it by the text. Empty cells, and values
            that are not a number, stay at the end.
        aside: what belongs to the text, such as its interval; on a small screen it stands below.
        more: text that unfolds below the first.
        wide: whether the text may wrap.
    """

    text: str
    value: float | None = None
    aside: str = ""
    more: str = ""
    wide: bool = False


EMPTY = Cell("")
"""A cell in which nothing stands."""


def number(value: float | None, form: str = ",") -> Cell:
    """Return a cell with a number; an empty one where there is no number.

    Args:
        value: number to show.
        form: how Python's :func:`format` writes the number.
    """
    return EMPTY if value is None or not math.isfinite(value) else Cell(format(value, form), value)


@dataclass(frozen=True)
class Table:
    """A table that sorts by a click on a column's title.

    The first column stays in view while the others scroll.

    Attributes:
        caption: what the table shows.
        columns: titles of the columns.
        rows: cells by row and column.
        marked: positions of the rows that stand out.
        decisive: so many columns are seen at once, and the others when they are asked for; None
            shows all.
    """

    caption: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    marked: frozenset[int] = frozenset()
    decisive: int | None = None


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: title of the section.
        words: paragraphs, which come first.
        pictures: pictures below the words.
        tables: tables below the pictures.
        facts: pairs of a name and what it is, which come last.
    """

    title: str
    words: tuple[str, ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Page:
    """A report.

    Attributes:
        title: title of the page.
        lead: what came out, in a sentence or two.
        sections: parts of the page, in order.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]

    def pictures(self) -> Iterator[Picture]:
        """Go through all pictures of the page."""
        for section in self.sections:
            yield from section.pictures

    def html(self) -> str:
        """Return the page as the text of one HTML file."""
        loader = jinja2.FileSystemLoader(_HERE)
        environment = jinja2.Environment(
            loader=loader,
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            keep_trailing_newline=True,
        )
        environment.filters["data_uri"] = _data_uri
        script = (_HERE / "sort.js").read_bytes()
        digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
        return environment.get_template("template.html").render(page=self, script_digest=digest)

    def write(self, out: Path) -> Path:
        """Write ``report.html``, and its figures as PNG and PDF; return the path of the page.

        Figures of an earlier page that this one lacks are removed; other files in ``figures`` are
        left alone.

        Args:
            out: directory to write into, which is made if need be.

        Raises:
            UserError: the directory cannot be written.
        """
        html = self.html()
        figures = out / "figures"
        make_directory(figures, "--out")
        files = {
            f"{item.name}.{kind}": content
            for item in self.pictures()
            for kind, content in (("png", item.png), ("pdf", item.pdf))
        }
        try:
            for name, content in files.items():
                with atomic_path(figures / name) as path:
                    path.write_bytes(content)
            # The page is written after its figures, so that where it stands, they do too.
            write_text(out / "report.html", html)
            for file in list(figures.iterdir()):
                if FILE_NAME.fullmatch(file.name) and file.name not in files:
                    file.unlink()
        except OSError as error:
            raise UserError(
                f"the report cannot be written into {out} ({error.strerror}): make room, or give "
                "another directory with --out"
            ) from error
        return out / "report.html"


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"
