"""The settings of ``python -m nas.predict``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.files import require_writable
from nas.data.options import ImageOptions, require_folder
from nas.training.networks.start import require_checkpoint


@dataclass(frozen=True, kw_only=True)
class ClassifySettings(ImageOptions):
    """Which images are looked at, and by which network."""

    checkpoint: Path
    """The model.safetensors of a trained network."""
    data: Path
    """Folder of images; arrays and pictures in folders below it are found too."""
    average_symmetries: bool = False
    """Average what the network says over the eight symmetries of the image, for eight passes. A
    symmetric network gains nothing."""
    calibrated: bool = False
    """Make the probabilities as sure as they were right on validation images, by the temperature in
    the result.json of the training beside the checkpoint."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ImageOptions.__post_init__(self)
        if self.calibrated and self.average_symmetries:
            raise UserError(
                "--calibrated and --average-symmetries do not go together, for the temperature is "
                "that of single images: leave one out"
            )


@dataclass(frozen=True, kw_only=True)
class PredictSettings(ClassifySettings):
    """Classify a folder of images, and write the class probabilities of each image as CSV.

    A network that was trained with --task regression reads its number off each image instead. The
    images may be labelled or not.

    Example:
        >>> from pathlib import Path
        >>> from nas.predict.settings import PredictSettings
        >>> settings = PredictSettings(checkpoint=Path("model.safetensors"), data=Path("images"))
        >>> print(settings.out)
        predictions.csv
    """

    out: Path = Path("predictions.csv")
    """Table to write: a line for each image, with its file, the most probable class, and the
    probability of each class; or with the number that was read off it."""


def check(settings: PredictSettings) -> None:
    """Check that the images are there, and that the table can be written.

    Raises:
        UserError: there are no images, or the table cannot be written.
    """
    require_checkpoint(settings.checkpoint)
    require_writable(settings.out, "--out", settings.checkpoint)
    require_folder(settings.data)
