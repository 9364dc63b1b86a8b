"""The settings of ``python -m nas.data``."""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from nas.common.errors import UserError
from nas.common.settings import take_strings
from nas.data.options import ReadOptions, require_folder
from nas.data.simulation.settings import SimulationSettings
from nas.data.smooth.names import Galaxy

# So many processes stay below 2 GB of memory, and only those who ask for more should spend more.
_MOST_WORKERS = 4

# A picture with more columns is too large to look at.
_MOST_COLUMNS = 30


@dataclass(frozen=True, kw_only=True)
class SimulateSettings(SimulationSettings):
    """Simulate images of strong lenses of the three dark-matter classes."""

    out: Path = Path("data/simulated")
    """Directory to write; an unfinished data set is continued."""
    workers: int = min(os.cpu_count() or 1, _MOST_WORKERS)
    """Number of processes, of some 350 MB each (default: one for each core, but no more than 4);
    the number changes no byte of the data set."""

    def __post_init__(self) -> None:
        super().__post_init__()
        take_strings(self)
        if self.workers < 1:
            raise UserError(
                f"--workers {self.workers} is not a number of processes: give 1 or more"
            )


@dataclass(frozen=True, kw_only=True)
class InspectSettings(ReadOptions):
    """Say what a data directory holds: layout, classes, splits, duplicates and unusable files."""

    directory: Path = field(kw_only=False)
    """The data directory, of any known layout."""
    json: bool = False
    """Print JSON for programs instead of tables for people."""


@dataclass(frozen=True, kw_only=True)
class PreviewSettings(ReadOptions):
    """Draw images of a data directory by class, and what substructure adds to simulated ones."""

    directory: Path = field(kw_only=False)
    """The data directory, of any known layout."""
    out: Path = Path("preview.png")
    """Picture to write: .png, .pdf or .svg."""
    columns: int = 6
    """Number of images of each class."""
    seed: int = 0
    """Seed of the choice of images."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.columns <= _MOST_COLUMNS:
            raise UserError(
                f"--columns {self.columns} does not fit on a picture: give 1 to {_MOST_COLUMNS}"
            )
        if self.seed < 0:
            raise UserError(f"--seed {self.seed} cannot be used: give 0 or more")


@dataclass(frozen=True, kw_only=True)
class ResidualSettings(ReadOptions):
    """Add a channel to images: what a smooth lens, fitted to each, leaves unexplained of it."""

    directory: Path = field(kw_only=False)
    """The data directory, of any known layout; with --layout unlabelled, images without classes."""
    out: Path = Path("data/residual")
    """Directory to write: the same images and splits, with two channels."""
    galaxy: Galaxy = "free"
    """What is behind the lens: a galaxy of any shape (free), or one with a Sérsic profile (sersic),
    as simulated ones have it and real ones have not."""
    psf_fwhm: float | None = None
    """Full width at half maximum of the point-spread function, in pixels (default: that of the
    camera of simulated images)."""
    exposure: float | None = None
    """Electrons that a brightness of one stands for, such as the exposure time of images in
    electrons/s (default: that of the camera of simulated images; else the noise of photons is left
    out)."""
    workers: int = min(os.cpu_count() or 1, _MOST_WORKERS)
    """Number of processes; it changes no residual."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("psf_fwhm", "exposure"):
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                flag = f"--{name.replace('_', '-')}"
                raise UserError(f"{flag} {value} cannot be used: give a number above 0")
        if self.exposure is not None and self.psf_fwhm is None:
            raise UserError("--exposure is used together with --psf-fwhm: give both or none")
        if self.workers < 1:
            raise UserError(
                f"--workers {self.workers} is not a number of processes: give 1 or more"
            )


def check(settings: InspectSettings | PreviewSettings | ResidualSettings) -> None:
    """Check that the data directory is there.

    Raises:
        UserError: the data directory is missing, or is no directory.
    """
    require_folder(settings.directory)
