"""The settings of ``python -m nas.report``."""

from dataclasses import dataclass, field
from pathlib import Path

from nas.common.errors import UserError
from nas.common.flags import POSITIONAL
from nas.common.settings import take_strings


@dataclass(frozen=True, kw_only=True)
class ReportSettings:
    """Write one page that needs nothing beside it, report.html, and its figures as PNG and PDF.

    Example:
        >>> from pathlib import Path
        >>> from nas.report.settings import ReportSettings
        >>> settings = ReportSettings(directory=Path("results/runs/leaderboard"))
        >>> settings.out is None  # the page is written into the same directory
        True
    """

    directory: Path | None = field(default=None, metadata=POSITIONAL)
    """Directory of a search or of a leaderboard; by default the newest search in results/runs."""
    out: Path | None = None
    """Directory to write into; by default the same directory."""
    data: Path | None = None
    """Where the data set is now, if it was moved; example images are taken from there."""

    data_efficiency: Path | None = None
    """Table of trainings on few images (trainings.csv of ``python -m nas.benchmarks.efficiency``),
    which becomes a figure of the page."""

    def __post_init__(self) -> None:
        take_strings(self)


def check(settings: ReportSettings) -> None:
    """Check that the directory is there.

    Raises:
        UserError: there is no such directory.
    """
    if settings.directory is not None and not settings.directory.is_dir():
        raise UserError(
            f"{settings.directory} is no directory: give that of a search or a leaderboard"
        )
