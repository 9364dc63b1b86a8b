"""The settings of ``python -m nas.benchmarks.symmetry``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import SimulatedImages


@dataclass(frozen=True, kw_only=True)
class SymmetryBenchmarkSettings(SimulatedImages):
    """Compare symmetric networks with ordinary ones of the same shapes."""

    networks: tuple[str, ...] = (
        "lens_nano/symmetric_mbconv",
        "lens_nano/symmetric_tiny",
        "lens_nano/symmetric_coatnet",
        "hybrid_nano/coatnet_like",
        "hybrid_nano/pure_mbconv",
    )
    """Networks, each as SPACE/ARCHITECTURE. A symmetric one is joined by its untied twin: the same
    layers with weights of their own."""
    nuisances: tuple[float, ...] = (0.5, 0.1, 1.0)
    """Widths of the ranges that lens and source of the simulated images are drawn from."""
    images: tuple[int, ...] = (8400, 2000, 500)
    """Numbers of training images."""
    seeds: int = 3
    """Number of trainings of each kind."""
    epochs: int = 12
    """Passes over the largest number of training images; over fewer there are more, so that
    all have as many updates."""
    out: Path = Path("results/symmetry")
    """Directory for trainings, table and figure; trainings that stand there are not repeated."""


def check(settings: SymmetryBenchmarkSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    for images in sorted(settings.images, reverse=True):
        settings.require(images, seeds=settings.seeds, epochs=settings.epochs)
