"""The settings of ``python -m nas.benchmarks.simulation``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SimulationBenchmarkSettings:
    """Measure the simulation of Model II in realistic physics."""

    images: int | None = None
    """Number of images: in a round of speed (default 300), or in the dataset of memory (90,000)."""
    rounds: int = 9
    """Number of rounds in which speed is measured; the median counts."""
    seed: int = 0
    """Seed of the images."""
    memory: bool = False
    """Measure the memory of a whole dataset's simulation instead of the speed."""
    workers: int = 2
    """Number of worker processes while memory is measured; speed is that of one core."""
    out: Path = Path("results/data")
    """Directory for the table."""
