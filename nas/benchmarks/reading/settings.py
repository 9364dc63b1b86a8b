"""The settings of ``python -m nas.benchmarks.reading``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadingBenchmarkSettings:
    """Time the first and the second opening of a folder of .npy images.

    The folder has the layout of the common task.
    """

    images: int = 90_000
    """Number of images, each a file."""
    image_size: int = 64
    """Pixels on a side."""
    out: Path = Path("results/data")
    """Directory for the table."""
