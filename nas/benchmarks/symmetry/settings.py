"""The settings of ``python -m nas.benchmarks.symmetry``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import FewAndMany


@dataclass(frozen=True, kw_only=True)
class SymmetryBenchmarkSettings(FewAndMany):
    """Compare symmetric networks with ordinary ones of the same shapes."""

    networks: tuple[str, ...] = (
        "lens_nano/symmetric_mbconv",
        "lens_nano/symmetric_tiny",
        "lens_nano/symmetric_tiny_fine",
        "lens_nano/symmetric_fused",
        "lens_nano/symmetric_coatnet",
        "hybrid_nano/coatnet_like",
        "hybrid_nano/pure_mbconv",
    )
    """Networks, each as SPACE/ARCHITECTURE. A symmetric one is joined by its untied twin: the same
    layers with weights of their own."""
    references: tuple[str, ...] = ("resnet18", "coatnet_nano_rw_224")
    """Networks of spaces or of timm that take long and are trained once: with the first seed, on
    most images of the first nuisance."""
    nuisances: tuple[float, ...] = (0.5, 0.1, 1.0)
    """Widths of the ranges that lens and source of the simulated images are drawn from."""
    out: Path = Path("results/symmetry")
    """Directory for trainings, table and figure; trainings that stand there are not repeated."""


def check(settings: SymmetryBenchmarkSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    settings.require_all()
