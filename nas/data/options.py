"""How a data directory is read: the settings that every command with ``--data`` shares."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nas.common.errors import UserError

ChannelAxis = Literal["auto", "first", "last"]
LayoutName = Literal["auto", "class_folders", "split_folders", "packed", "unlabelled"]


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """How to read images, where the automatic answer is wrong."""

    channel_axis: ChannelAxis = "auto"
    """Where the channels of three-dimensional images are."""
    crop: int | None = None
    """Crop or pad every image around its centre to this many pixels a side; images of one size need
    it not."""
    allow_skipped: bool = False
    """Go on although more than 1 % of the files cannot be used."""

    def __post_init__(self) -> None:
        if self.crop is not None and self.crop < 1:
            raise UserError(f"--crop {self.crop} is not a number of pixels: give 1 or more")


@dataclass(frozen=True, kw_only=True)
class ReadOptions(ImageOptions):
    """How to read a data directory, where the automatic answer is wrong."""

    layout: LayoutName = "auto"
    """Layout of the directory; class_folders takes every folder for a class and none for a split,
    unlabelled takes all images for one class."""
    classes: tuple[str, ...] = ()
    """Class names by label, for packed arrays that do not tell them: --classes '[a, b, c]'."""


@dataclass(frozen=True)
class Augmentation:
    """Random changes that leave the class of a lens as it is."""

    symmetries: bool = True
    """The eight symmetries of the square (the four of the rectangle where height and width
    differ)."""
    shift: int = 2
    """Largest shift in pixels along each axis, whole pixels so that nothing is smoothed; 0 switches
    it off."""
    noise: float = 0.0
    """Standard deviation of added Gaussian noise, in units of the normalised images; 0 switches it
    off."""

    def __post_init__(self) -> None:
        if self.shift < 0 or not self.noise >= 0:
            raise UserError(
                f"augmentation cannot have shift {self.shift} and noise {self.noise}: give 0 "
                "(off) or more for each"
            )


def require_folder(directory: Path) -> None:
    """Check that a directory of images is there.

    Raises:
        UserError: it is not.
    """
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        raise UserError(f"{directory} {what}: give the folder that holds the images")


def require_data(directory: Path | None) -> Path:
    """Return the directory of a data set that a command cannot do without.

    Raises:
        UserError: none was given, or it is not there.
    """
    if directory is None:
        raise UserError(
            "--data is missing: give the directory of a data set, or make one with "
            "python -m nas.data simulate --images 3000 --out data/simulated"
        )
    require_folder(directory)
    return directory
