"""The settings of ``python -m nas.benchmarks.training``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class TrainingBenchmarkSettings:
    """Measure training steps on random images."""

    what: Literal["throughput", "precision", "memory", "packing", "compile"] = "throughput"
    """What is measured: the loop against a bare one, bf16 and channels-last on and off, steps with
    and without memory that is kept between them, seeds of an ordinary network that are trained in
    one process, or training with torch.compile."""
    models: tuple[str, ...] = (
        "lens_nano/symmetric_mbconv",
        "lens_nano/symmetric_coatnet",
        "hybrid_nano/coatnet_like",
        "resnet18",
        "coatnet_nano_rw_224",
    )
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
