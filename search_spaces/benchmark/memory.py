"""Peak memory of training, each measured in a process of its own.

Such a process runs ``python -m search_spaces.benchmark.memory SPACE KIND``, where the kind is
``largest`` or ``sandwich``, and prints megabytes.
"""

import resource
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from search_spaces.benchmark.timing import BATCH, CLASSES, IMAGE_SIZE
from search_spaces.models import build_network
from search_spaces.registry import get_space
from search_spaces.supernet import Supernet

_STEPS = 3


@dataclass(frozen=True)
class Peaks:
    """Peak resident memory of training, in MB above that of the imported libraries.

    Attributes:
        space: Name of the space.
        largest_alone: Peak of training the largest network alone.
        sandwich: Peak of training the supernet with sandwiches of four subnets.
    """

    space: str
    largest_alone: float
    sandwich: float

    @property
    def ratio(self) -> float:
        """The peak of the supernet over the peak of the largest network."""
        return self.sandwich / self.largest_alone


def measure_memory(space: str) -> Peaks:
    """Measure the training of the largest network and of the supernet, each in a fresh process."""
    return Peaks(space, _measure(space, "largest"), _measure(space, "sandwich"))


def _measure(space: str, kind: str) -> float:
    command = [sys.executable, "-m", "search_spaces.benchmark.memory", space, kind]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def _train(space_name: str, kind: str) -> None:
    """Make some training steps with AdamW.

    A sandwich is the largest, the smallest and two random subnets, with a backward pass after each.
    """
    torch.manual_seed(0)
    rng, space = np.random.default_rng(0), get_space(space_name)
    images, labels = torch.randn(BATCH, 1, IMAGE_SIZE, IMAGE_SIZE), torch.arange(BATCH) % CLASSES
    module: nn.Module = (
        Supernet(space) if kind == "sandwich" else build_network(space, space.largest)
    )
    optimizer = torch.optim.AdamW(module.parameters())
    for _ in range(_STEPS):
        optimizer.zero_grad()
        if kind == "sandwich":
            for architecture in (
                space.largest,
                space.smallest,
                space.sample(rng),
                space.sample(rng),
            ):
                F.cross_entropy(module(images, architecture), labels).backward()  # type: ignore[no-untyped-call]
        else:
            F.cross_entropy(module(images), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    before = _peak_megabytes()
    _train(*sys.argv[1:])
    sys.stdout.write(f"{_peak_megabytes() - before}\n")
