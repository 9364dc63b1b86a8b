"""One page for a directory: the report of the search or of the leaderboard that is in it."""

from dataclasses import replace
from pathlib import Path

from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.report.board import FILE, Board
from nas.report.drawing import style
from nas.report.efficiency import efficiency_section, read_efficiency
from nas.report.leaderboard import leaderboard_page
from nas.report.run import run_page
from nas.search.run_directory import RunDirectory


def write_report(
    directory: Path,
    *,
    out: Path | None = None,
    data: Path | None = None,
    efficiency: Path | None = None,
) -> Path:
    """Write ``report.html``, and its figures as PNG and PDF; return the path of the page.

    The figures are written into the folder ``figures`` beside the page.

    Args:
        directory: directory of a search, or of a leaderboard.
        out: where to write; None for the directory itself.
        data: where the data set is now; None for where it was.
        efficiency: table of trainings on few images, which the page shows too; None for none.

    Raises:
        UserError: the directory is neither, or has nothing to show yet, or one of its files, or the
            table, is damaged; nothing was written then.

    Example:
        A finished search in ``results/runs/RUN`` becomes a page by::

            from pathlib import Path
            from nas.report.report import write_report

            page = write_report(Path("results/runs/RUN"), out=Path("page"))
    """
    trainings = None if efficiency is None else read_efficiency(efficiency)
    with style():
        if (directory / FILE).exists():
            page = leaderboard_page(Board.read(directory), directory, data)
        elif RunDirectory(directory).config_file.exists():
            page = run_page(RunDirectory.open(directory), data)
        else:
            raise UserError(
                f"{directory} is the directory of neither a search nor a leaderboard: give one of "
                f"{RUNS}, or run python -m nas.search"
            )
        if trainings is not None:
            *sections, made = page.sections  # how it was made comes last
            page = replace(page, sections=(*sections, efficiency_section(trainings), made))
    return page.write(out or directory)
