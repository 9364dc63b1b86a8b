"""The settings of ``python -m nas.benchmarks.training``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class TrainingBenchmarkSettings:
    """Measure training steps on random images."""

    precision: bool = False
    """Measure bf16 and channels-last on and off, instead of the loop against a bare one."""
    models: tuple[str, ...] = ("hybrid_nano/coatnet_like", "hybrid_nano/pure_mbconv", "resnet18")
    """Networks, each as SPACE/ARCHITECTURE or as the name of a model of timm."""
    images: int = 640
    """Number of images in an epoch."""
    image_size: int = 64
    """Pixels on a side."""
    batch_size: int = 64
    """Number of images in a step."""
    rounds: int = 9
    """Number of epochs of each kind, one after the other in turn; the median counts."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""
    out: Path = Path("results/training")
    """Directory for the table."""
