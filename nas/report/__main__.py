"""``python -m nas.report``: a page to look at, for a search or a leaderboard."""

from dataclasses import dataclass, field
from pathlib import Path

from nas.cli import POSITIONAL, Command, main
from nas.progress import say
from nas.report import write_report
from nas.run_directory import RunDirectory


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Write one page that needs nothing beside it, report.html, and its figures as PNG and PDF."""

    directory: Path | None = field(default=None, metadata=POSITIONAL)
    """Directory of a search or of a leaderboard; by default the newest search in results/runs."""
    out: Path | None = None
    """Directory to write into (default: the same)."""
    data: Path | None = None
    """Where the data set is now, if it was moved; example images are taken from there."""


def run(settings: Settings) -> None:
    """Write the report and print where it is."""
    directory = settings.directory or RunDirectory.newest().path
    say(f"drawing the report of {directory}")
    print(write_report(directory, out=settings.out, data=settings.data))


if __name__ == "__main__":
    main("python -m nas.report", Command(Settings, run))
