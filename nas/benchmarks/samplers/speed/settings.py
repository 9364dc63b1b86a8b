"""The settings of ``python -m nas.benchmarks.samplers.speed``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SamplerSpeedBenchmarkSettings:
    """Time asks on studies of 12 genes with 8 choices each, in processor time of one core."""

    asks: int = 20
    """Asks of which the median counts, after one that reads the whole history."""
    out: Path = Path("results/samplers")
    """Directory for the table."""
