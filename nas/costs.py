"""What a network costs in parameters, FLOPs and latency.

Parameters and FLOPs follow from the architecture alone; latency is measured.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from nas.common.memory import keep_memory
from search_spaces import Architecture, flops, params, untied_params

LATENCY_THREADS = 1
"""Threads that compute on a CPU while latency is measured."""

_WARM_UP = 3
_ROUNDS = 30
# Large networks on a CPU take so long that fewer rounds must do. They are still enough for a median
# that one slow round cannot move.
_SECONDS = 1.0
_FEWEST = 7


@dataclass(frozen=True)
class Costs:
    """The costs of networks for images of one size.

    Attributes:
        image_size: height and width of an image in pixels. The FLOPs of oblong images are those of
            the square with as many pixels.
        in_chans: number of channels of an image.
        classes: number of classes; 1 for networks that read a number off images.

    Example:
        >>> import search_spaces
        >>> from nas.costs import Costs
        >>> costs = Costs(image_size=(64, 64), in_chans=1, classes=3)
        >>> space = search_spaces.get_space("hybrid_nano")
        >>> costs.params(space.smallest) < costs.params(space.largest)
        True
        >>> costs.flops(space.largest) > 1_000_000
        True
    """

    image_size: tuple[int, int]
    in_chans: int
    classes: int

    def params(self, architecture: Architecture) -> int:
        """Return the number of parameters of a network."""
        return params(architecture, self.in_chans, self.classes)

    def untied_params(self, architecture: Architecture) -> int:
        """Return the number of weights when a symmetry ties none of them to each other."""
        return untied_params(architecture, self.in_chans, self.classes)

    def flops(self, architecture: Architecture) -> int:
        """Return the floating-point operations that a network needs for one image."""
        height, width = self.image_size
        return flops(architecture, round((height * width) ** 0.5), self.in_chans, self.classes)


def counted_flops(network: nn.Module, images: Tensor) -> int:
    """Return the floating-point operations of a forward pass, as torch counts them.

    A multiplication and an addition are two. Convolutions and matrix products are counted.

    Args:
        network: any network, in evaluation mode.
        images: images (B, C, H, W) that it takes.

    Example:
        >>> import torch
        >>> from nas.costs import counted_flops
        >>> counted_flops(torch.nn.Linear(3, 5), torch.zeros(1, 3))
        30
    """
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(images)
    return int(counter.get_total_flops())


@dataclass(frozen=True)
class Latency:
    """The time that one forward pass of a network takes.

    Attributes:
        milliseconds: median time of a pass over the rounds, for a whole batch.
        batch: number of images in the batch.
        device: name of the device that the network was measured on.
    """

    milliseconds: float
    batch: int
    device: str


def measure_latency(
    network: nn.Module, shape: tuple[int, int, int], batch: int, device: torch.device | str
) -> Latency:
    """Measure the median time of a forward pass in float32, after a warm-up.

    On a CPU one thread computes: where other processes want the cores too, several threads wait
    for each other a hundred times as long as they compute. The figure is for a device that does
    nothing else. The network is left in evaluation mode.

    Args:
        network: network to measure; it must be on the device.
        shape: channels, height and width of an image.
        batch: number of images in a pass.
        device: device that the network is on.

    Example:
        >>> from torch import nn
        >>> from nas.costs import measure_latency
        >>> network = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
        >>> latency = measure_latency(network, shape=(1, 8, 8), batch=4, device="cpu")
        >>> latency.batch, latency.device
        (4, 'cpu')
        >>> latency.milliseconds > 0
        True
    """
    device = torch.device(device)
    images = torch.zeros((batch, *shape), device=device)
    keep_memory()
    network.eval()
    times: list[float] = []
    with torch.no_grad(), _one_thread():
        for _ in range(_WARM_UP):
            network(images)
        while len(times) < _FEWEST or (len(times) < _ROUNDS and sum(times) < _SECONDS):
            times.append(_seconds(network, images))
    return Latency(1000 * median(times), batch, str(device))


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(LATENCY_THREADS)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _seconds(network: nn.Module, images: torch.Tensor) -> float:
    # A GPU works in the background, so the clock must wait for it before and after the pass.
    _wait(images.device)
    start = time.perf_counter()
    network(images)
    _wait(images.device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def params_words(params: int, untied: int | None) -> str:
    """Return how many parameters a network learns, and how many weights without its symmetry.

    Args:
        params: Parameters that are learned.
        untied: Weights when a symmetry ties none of them; None where that is not known.

    Example:
        >>> params_words(6977, 55305), params_words(55305, 55305)
        ('6,977 parameters (untied 55,305)', '55,305 parameters')
    """
    ties = "" if untied in (None, params) else f" (untied {untied:,})"
    return f"{params:,} parameters{ties}"
