"""What a network costs: parameters and FLOPs from the architecture alone, and latency, which is
measured.
"""

import time
from dataclasses import dataclass
from statistics import median

import torch
from torch import nn

from search_spaces import Architecture, flops, params

_WARM_UP = 3
_ROUNDS = 30
# Large networks on a CPU take long enough for fewer rounds, but for a median that one slow round
# cannot move.
_SECONDS = 1.0
_FEWEST = 7


@dataclass(frozen=True)
class Costs:
    """What networks for these images cost."""

    image_size: tuple[int, int]
    """Height and width in pixels; the FLOPs of oblong images are those of the square of as many
    pixels."""
    in_chans: int
    """Channels of an image."""
    classes: int
    """Number of classes."""

    def params(self, architecture: Architecture) -> int:
        """The number of parameters."""
        return params(architecture, self.in_chans, self.classes)

    def flops(self, architecture: Architecture) -> int:
        """The floating-point operations of one image."""
        height, width = self.image_size
        return flops(architecture, round((height * width) ** 0.5), self.in_chans, self.classes)


@dataclass(frozen=True)
class Latency:
    """What was measured.

    Attributes:
        milliseconds: median over the rounds, for one batch.
        batch: images in it.
        device: where.
    """

    milliseconds: float
    batch: int
    device: str


def measure_latency(
    network: nn.Module, shape: tuple[int, int, int], batch: int, device: torch.device | str
) -> Latency:
    """Measure the median time of a forward pass in float32, after a warm-up; leaves the network in
    evaluation mode.

    The figure is for a device that does nothing else; other processes on it make it longer.

    Args:
        network: on the device.
        shape: channels, height and width of an image.
        batch: images in a pass.
        device: where the network is.
    """
    device = torch.device(device)
    images = torch.zeros((batch, *shape), device=device)
    network.eval()
    times: list[float] = []
    with torch.no_grad():
        for _ in range(_WARM_UP):
            network(images)
        while len(times) < _FEWEST or (len(times) < _ROUNDS and sum(times) < _SECONDS):
            times.append(_seconds(network, images))
    return Latency(1000 * median(times), batch, str(device))


def _seconds(network: nn.Module, images: torch.Tensor) -> float:
    """Time one pass; a GPU has finished when it says so."""
    _wait(images.device)
    start = time.perf_counter()
    network(images)
    _wait(images.device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
