"""The settings of ``python -m nas.benchmarks.transfer``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import SimulatedImages


@dataclass(frozen=True, kw_only=True)
class TransferSettings(SimulatedImages):
    """Train networks on images of one kind, and test them on those of all others.

    The kinds are realistic ones, and the physics of the public DeepLense data (Model II) with the
    same pixels.
    """

    networks: tuple[str, ...] = ("lens_nano/symmetric_mbconv", "resnet18")
    """Networks, each as SPACE/ARCHITECTURE or as timm names it. A symmetric one is joined by its
    untied twin: the same layers with weights of their own."""
    nuisances: tuple[float, ...] = (0.1, 0.5)
    """Kinds of realistic images: widths of the ranges that lens and source are drawn from."""
    images: int = 8400
    """Number of training images."""
    seeds: int = 2
    """Number of trainings of each network on each kind of images."""
    epochs: int = 12
    """Passes over the training images."""
    out: Path = Path("results/transfer")
    """Directory for rows, table and figure; trainings whose rows stand there are not repeated."""


def check(settings: TransferSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    settings.require(settings.images, seeds=settings.seeds, epochs=settings.epochs)
