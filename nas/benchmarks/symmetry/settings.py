"""The settings of ``python -m nas.benchmarks.symmetry``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError


@dataclass(frozen=True, kw_only=True)
class SymmetryBenchmarkSettings:
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
    """Passes over the largest number of training images; over a part of them there are more, as the
    square root of the ratio."""
    simulated: int = 20000
    """Number of simulated images: 70 % to learn from, 15 % that choose the epoch, 15 % that
    report."""
    image_size: int = 48
    """Pixels on a side."""
    out: Path = Path("results/symmetry")
    """Directory for trainings, table and figure; trainings that stand there are not repeated."""


def check(settings: SymmetryBenchmarkSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    check_simulated(max(settings.images), settings.simulated)


def check_simulated(images: int, simulated: int) -> None:
    """Check that a number of training images is among the simulated ones.

    Raises:
        UserError: it is not.
    """
    if images > 0.7 * simulated:
        raise UserError(
            f"--images {images} cannot be learned from: of --simulated {simulated} images 70 % are "
            "training images, simulate more"
        )
