"""Peak memory of training, each measured in a process of its own.

Such a process runs ``python -m search_spaces.benchmark.memory SPACE WHAT``, where WHAT is
``sandwich`` or the place of one of its subnets, and prints megabytes.
"""

import resource
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from search_spaces.architecture import Architecture
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
        alone: Peak of training that network of the sandwich alone which needs most.
        sandwich: Peak of training the supernet with a sandwich of four subnets.
    """

    space: str
    alone: float
    sandwich: float

    @property
    def ratio(self) -> float:
        """The peak of the supernet over that of the network which needs most."""
        return self.sandwich / self.alone


def measure_memory(space: str) -> Peaks:
    """Measure the training of the supernet and of each of its subnets, each in a fresh process.

    The network with most parameters need not be the one that needs most memory: larger maps do.
    """
    alone = max(_measure(space, str(place)) for place in range(len(_sandwich(space))))
    return Peaks(space, alone, _measure(space, "sandwich"))


def _sandwich(name: str) -> list[Architecture]:
    """Return the largest, the smallest and two random subnets of a space."""
    rng, space = np.random.default_rng(0), get_space(name)
    return [space.largest, space.smallest, space.sample(rng), space.sample(rng)]


def _measure(space: str, what: str) -> float:
    command = [sys.executable, "-m", "search_spaces.benchmark.memory", space, what]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603


def _train(name: str, what: str) -> None:
    """Make some training steps with AdamW.

    A sandwich has a backward pass after each of its subnets.
    """
    torch.manual_seed(0)
    space = get_space(name)
    images, labels = torch.randn(BATCH, 1, IMAGE_SIZE, IMAGE_SIZE), torch.arange(BATCH) % CLASSES
    sandwich = _sandwich(name)
    module: nn.Module
    inputs: list[tuple[Tensor | Architecture, ...]]
    if what == "sandwich":
        module, inputs = Supernet(space), [(images, subnet) for subnet in sandwich]
    else:
        module, inputs = build_network(space, sandwich[int(what)]), [(images,)]
    optimizer = torch.optim.AdamW(module.parameters())
    for _ in range(_STEPS):
        optimizer.zero_grad()
        for one in inputs:
            F.cross_entropy(module(*one), labels).backward()  # type: ignore[no-untyped-call]
        optimizer.step()


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    before = _peak_megabytes()
    _train(*sys.argv[1:])
    sys.stdout.write(f"{_peak_megabytes() - before}\n")
