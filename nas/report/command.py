"""The command ``python -m nas.report``: a page to look at, for a search or a leaderboard."""

from nas.common.progress import say
from nas.report.report import write_report
from nas.report.settings import ReportSettings
from nas.search.run_directory import RunDirectory


def run(settings: ReportSettings) -> None:
    """Write the report and print where it is."""
    directory = settings.directory or RunDirectory.newest().path
    say(f"drawing the report of {directory}")
    print(write_report(directory, out=settings.out, data=settings.data))
