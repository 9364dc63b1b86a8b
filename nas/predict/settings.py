"""The settings of ``python -m nas.predict``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.files import require_writable
from nas.data.options import ImageOptions, require_folder


@dataclass(frozen=True, kw_only=True)
class PredictSettings(ImageOptions):
    """Classify a folder of images, labelled or not, and write the class probabilities of each as
    CSV.
    """

    checkpoint: Path
    """The model.safetensors of a trained network."""
    data: Path
    """Folder of images; arrays and pictures in folders below it are found too."""
    out: Path = Path("predictions.csv")
    """Table to write: a line an image, with its file, the most probable class, and the probability
    of each."""
    device: str = "auto"
    """Where to compute: auto, cpu, cuda or cuda:1."""


def check(settings: PredictSettings, begun: None) -> None:
    """Check that the images are there, and that the table can be written.

    Raises:
        UserError: one of them does not hold.
    """
    require_writable(settings.out, "--out", settings.checkpoint)
    require_folder(settings.data)
