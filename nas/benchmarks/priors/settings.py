"""The settings of ``python -m nas.benchmarks.priors``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.simulated import FewAndMany
from nas.common.settings import SPACE


@dataclass(frozen=True, kw_only=True)
class PriorSettings(FewAndMany):
    """Measure what is gained by a second channel with the residuals of a smooth lens."""

    space: str = SPACE
    """Search space of the network."""
    architecture: str = "symmetric_mbconv"
    """Network that is trained: a named one of the space, or one written out."""
    images: tuple[int, ...] = (1000, 8400)
    """Numbers of training images."""
    nuisance: float = 0.5
    """Width of the ranges that lens and source of the simulated images are drawn from."""
    out: Path = Path("results/priors")
    """Directory for trainings and table; trainings that stand there are not repeated."""


def check(settings: PriorSettings) -> None:
    """Check that there are enough images.

    Raises:
        UserError: more training images are asked for than are simulated.
    """
    settings.require_all()
