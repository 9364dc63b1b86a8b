"""The settings of ``python -m nas.benchmarks.efficiency``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import FewAndMany


@dataclass(frozen=True, kw_only=True)
class EfficiencySettings(FewAndMany):
    """Measure how many images networks need: train them on ever fewer."""

    networks: tuple[str, ...] = ("lens_nano/symmetric_tiny_fine", "resnet18", "coatnet_nano_rw_224")
    """Networks, each as SPACE/ARCHITECTURE or as timm names it. A symmetric one is joined by its
    untied twin: the same layers with weights of their own."""
    images: tuple[int, ...] = (8000, 4000, 2000, 1000, 500, 250)
    """Numbers of training images."""
    nuisance: float = 0.5
    """Width of the ranges that lens and source of the simulated images are drawn from."""
    out: Path = Path("results/efficiency")
    """Directory for trainings, table and figure; trainings that stand there are not repeated."""


def check(settings: EfficiencySettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    settings.require_all()
