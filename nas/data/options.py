"""How a data directory is read: the settings that every command with ``--data`` shares."""

from dataclasses import dataclass

from nas.data.detect import LayoutName
from nas.data.reading import ChannelAxis
from nas.errors import UserError


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """How to read images, where the automatic answer is wrong."""

    channel_axis: ChannelAxis = "auto"
    """Where the channels of three-dimensional images are."""
    crop: int | None = None
    """Crop or pad every image around its centre to this many pixels a side; images of one size need it not."""
    allow_skipped: bool = False
    """Go on although more than 1 % of the files cannot be used."""

    def __post_init__(self) -> None:
        if self.crop is not None and self.crop < 1:
            raise UserError(f"--crop {self.crop} is not a number of pixels: give 1 or more")


@dataclass(frozen=True, kw_only=True)
class ReadOptions(ImageOptions):
    """How to read a data directory, where the automatic answer is wrong."""

    layout: LayoutName = "auto"
    """Layout of the directory; class_folders takes every folder for a class and none for a split, unlabelled takes all
    images for one class."""
    classes: tuple[str, ...] = ()
    """Class names by label, for packed arrays that do not tell them: --classes '[a, b, c]'."""
