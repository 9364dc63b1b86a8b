"""The settings of ``python -m nas.benchmarks.reading``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ReadingSettings:
    """Time the first and the second opening of a folder of .npy images in the layout of the common
    task.
    """

    images: int = 90_000
    """Number of files."""
    image_size: int = 64
    """Pixels on a side."""
    out: Path = Path("results/data")
    """Directory for the table."""
