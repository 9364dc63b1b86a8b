"""The settings of ``python -m nas.benchmarks.sharing``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.settings import SPACE


@dataclass(frozen=True, kw_only=True)
class SharingBenchmarkSettings:
    """Measure steps of a supernet on random images."""

    space: str = SPACE
    """Search space of the supernet."""
    image_size: int = 48
    """Pixels on a side."""
    batch_size: int = 32
    """Number of images in a step."""
    rounds: int = 30
    """Number of steps of each kind, in turn; the median counts."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""
    out: Path = Path("results/training")
    """Directory for the table."""

    def __post_init__(self) -> None:
        for name, least in (("batch_size", 2), ("rounds", 1)):
            if getattr(self, name) < least:
                raise UserError(
                    f"--{name.replace('_', '-')} {getattr(self, name)} cannot be used: give "
                    f"{least} or more"
                )
