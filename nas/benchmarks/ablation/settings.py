"""The settings of ``python -m nas.benchmarks.ablation``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import SimulatedImages
from nas.common.settings import SPACE


@dataclass(frozen=True, kw_only=True)
class AblationSettings(SimulatedImages):
    """Measure what each gene of an architecture is worth: change one at a time, and train."""

    space: str = SPACE
    """Search space whose genes are changed."""
    architecture: str = "symmetric_mbconv"
    """Architecture that is changed: a named one of the space, or one written out."""
    genes: tuple[str, ...] = ()
    """Genes to change, by default all; norm, learning_rate and warmup, which are none, can be
    changed too: to groups of channels in place of BatchNorm, and to other recipes."""
    seeds: int = 2
    """Number of trainings of each network."""
    epochs: int = 12
    """Passes over the training images."""
    images: int = 8400
    """Number of training images."""
    nuisance: float = 0.5
    """Width of the ranges that lens and source of the simulated images are drawn from."""
    out: Path = Path("results/ablation")
    """Directory for trainings and table; trainings that stand there are not repeated."""


def check(settings: AblationSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    settings.require(settings.images, seeds=settings.seeds, epochs=settings.epochs)
