"""The settings of how a data directory is read, which every command with ``--data`` shares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from lens_nas_plugins.registry import Registry
from nas.common.errors import UserError
from nas.common.settings import take_strings

ChannelAxis = Literal["auto", "first", "last"]
TaskName = Literal["classification", "regression"]

LAYOUTS = Registry[Callable[[Path], Any]](
    "layouts",
    ("auto", "class_folders", "split_folders", "packed", "unlabelled"),
    mistake=UserError,
)
"""All layouts by name; those of plug-ins are looked up here."""

AUGMENTATIONS = Registry[Callable[..., Any]]("augmentations", mistake=UserError)
"""The augmentations of plug-ins by name."""


@dataclass(frozen=True, kw_only=True)
class ImageOptions:
    """How to read images, where the automatic answer is wrong.

    Example:
        >>> from nas.data import ImageOptions
        >>> ImageOptions(channel_axis="last", crop=64)
        ImageOptions(channel_axis='last', crop=64, allow_skipped=False, fill_nan=False)
    """

    channel_axis: ChannelAxis = "auto"
    """Axis of the channels in images of three dimensions."""
    crop: int | None = None
    """Crop or pad every image around its centre to this many pixels on a side; images that all have
    one size do not need it."""
    allow_skipped: bool = False
    """Go on even if more than 1 % of the files cannot be used."""
    fill_nan: bool = False
    """Fill pixels that are NaN or infinite with the median of those around them, where they are few
    and isolated: at most 1 % of an image, more than half of the neighbours of each being finite.
    Other images with such pixels cannot be used, as without the flag."""

    def __post_init__(self) -> None:
        # The settings of commands inherit these options, and name paths of their own.
        take_strings(self)
        if self.crop is not None and self.crop < 1:
            raise UserError(f"--crop {self.crop} is not a number of pixels: give 1 or more")


@dataclass(frozen=True, kw_only=True)
class ReadOptions(ImageOptions):
    """How to read a data directory, where the automatic answer is wrong.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data import ReadOptions, open_dataset
        >>> random = np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(Path(directory, "images.npy"), random.random((6, 1, 32, 32)))
        ...     np.save(Path(directory, "labels.npy"), np.arange(6) % 2)
        ...     options = ReadOptions(classes=("lenses", "nonlenses"), crop=24)
        ...     dataset = open_dataset(Path(directory), options)
        >>> dataset.classes
        ('lens', 'nonlens')
        >>> dataset.images.shape
        (6, 1, 24, 24)
    """

    layout: str = "auto"
    """Layout of the data directory: auto, class_folders (every folder is a class and none a split),
    split_folders, packed, unlabelled (all images are of one class), or one of a plug-in."""
    classes: tuple[str, ...] = ()
    """Class names by label, for packed arrays that do not tell them: --classes a,b,c."""

    def __post_init__(self) -> None:
        ImageOptions.__post_init__(self)
        LAYOUTS.require(self.layout)


@dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """What networks learn of images: their class, or a number.

    Example:
        >>> from nas.data.options import TaskOptions
        >>> TaskOptions(task="regression", target="log10_axion_mass").target
        'log10_axion_mass'
    """

    task: TaskName = "classification"
    """Tell classes apart, or read a number off every image (regression)."""
    target: str | None = None
    """The number of a regression: a column of the table beside simulated images, or log10_ and a
    column, such as log10_axion_mass; images that have no such number are left out."""

    def __post_init__(self) -> None:
        if self.task == "regression" and self.target is None:
            raise UserError(
                "--task regression needs the number to learn: give it with --target, for example "
                "log10_axion_mass"
            )
        if self.task == "classification" and self.target is not None:
            raise UserError(
                f"--target {self.target} is a number, and classes are learned without --task "
                "regression: give both or none"
            )


def refuse_smoothing(share: float) -> None:
    """Check that a regression is not asked to smooth labels.

    Args:
        share: label smoothing of a recipe.

    Raises:
        UserError: it is.
    """
    if share:
        raise UserError("--label-smoothing is for classes, and a regression has none: leave it out")


def without_task(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as JSON values as they were written before there were tasks.

    Where a number is learned, task and target stay.
    """
    left_out = ("task", "target") if settings["target"] is None else ()
    return {name: value for name, value in settings.items() if name not in left_out}


@dataclass(frozen=True)
class Augmentation:
    """Random changes of an image that leave the class of its lens as it is.

    Example:
        >>> from nas.data.options import Augmentation
        >>> Augmentation()
        Augmentation(symmetries=True, shift=2, noise=0.0, also='')
        >>> Augmentation(symmetries=False, shift=0, noise=0.1).noise
        0.1
    """

    symmetries: bool = True
    """Apply the eight symmetries of the square, or the four of the rectangle where height and width
    differ."""
    shift: int = 2
    """Largest shift along each axis, in whole pixels so that nothing is smoothed; 0 shifts
    nothing."""
    noise: float = 0.0
    """Standard deviation of added Gaussian noise, in units of the normalised images; 0 adds
    none."""
    also: str = ""
    """Augmentations of plug-ins that come after these, separated by commas."""

    def __post_init__(self) -> None:
        if self.shift < 0 or not self.noise >= 0:
            raise UserError(
                f"augmentation cannot have shift {self.shift} and noise {self.noise}: give 0 "
                "(off) or more for each"
            )
        for name in self.others:
            AUGMENTATIONS.require(name)

    @property
    def others(self) -> tuple[str, ...]:
        """Names of the augmentations of plug-ins, one by one."""
        return tuple(name.strip() for name in self.also.split(",") if name.strip())


def require_folder(directory: Path) -> None:
    """Check that a directory of images is there.

    Raises:
        UserError: the directory is missing, or is no directory.
    """
    if not directory.is_dir():
        what = "is not a directory" if directory.exists() else "does not exist"
        raise UserError(f"{directory} {what}: give the folder that holds the images")


def require_data(directory: Path | None) -> Path:
    """Return the directory of a data set that a command cannot do without.

    Raises:
        UserError: no directory was given, or the directory is missing.
    """
    if directory is None:
        raise UserError(
            "--data is missing: give the directory of a data set, or make one with "
            "python -m nas.data simulate --images 3000 --out data/simulated"
        )
    require_folder(directory)
    return directory
