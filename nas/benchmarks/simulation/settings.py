"""The settings of ``python -m nas.benchmarks.simulation``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SimulationBenchmarkSettings:
    """Measure the simulation of Model II in realistic physics."""

    images: int | None = None
    """Images in a round of the speed benchmark (default 300), or in the dataset whose memory is
    measured (90,000)."""
    rounds: int = 9
    """Rounds of the speed benchmark, of which the median counts."""
    seed: int = 0
    """Seed of the images."""
    memory: bool = False
    """Measure the memory of a whole dataset's simulation instead of the speed."""
    workers: int = 2
    """Worker processes while memory is measured; speed is that of one core."""
    out: Path = Path("results/data")
    """Directory for the table."""
