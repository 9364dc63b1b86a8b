"""The command ``python -m nas.report``: a page to look at, for a search or a leaderboard."""

from pathlib import Path

from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.report.report import write_report
from nas.report.settings import ReportSettings
from nas.report.steps import next_steps
from nas.search.run_directory import RunDirectory


def run(settings: ReportSettings) -> None:
    """Write the report, and print where it is and what can be done next."""
    page, directory = report_of(settings), settings.directory or RunDirectory.newest().path
    print(page)
    show_next(next_steps(directory))


def report_of(settings: ReportSettings) -> Path:
    """Write the report; return the path of the page.

    Raises:
        UserError: the directory is that of neither a search nor a leaderboard, or has nothing to
            show yet.
    """
    directory = settings.directory or RunDirectory.newest().path
    say(f"drawing the report of {directory}")
    return write_report(
        directory, out=settings.out, data=settings.data, efficiency=settings.data_efficiency
    )
