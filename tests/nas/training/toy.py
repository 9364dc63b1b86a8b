"""A problem that small networks learn in seconds: the radius of a ring tells its class."""

import torch
from torch import nn

from nas.data.tensors import LensTensors

NAMES = ("no_substructure", "subhalo", "vortex")


def rings(
    count: int, *, size: int = 16, classes: int = 3, channels: int = 1, seed: int = 0
) -> LensTensors:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    axis = torch.arange(size) - (size - 1) / 2
    radius = torch.hypot(axis[:, None], axis[None, :])
    ring = torch.stack([torch.exp(-((radius - 1 - 2 * label) ** 2)) for label in range(classes)])
    noise = torch.randn(count, channels, size, size, generator=generator)
    return LensTensors(2 * ring[labels][:, None] + noise, labels, NAMES[:classes])


def network(*, classes: int = 3, channels: int = 1, seed: int = 0) -> nn.Module:
    """Return a network with batch statistics, dropout, and weights of two and four dimensions."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, stride=2, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(4),
        nn.Flatten(),
        nn.Dropout(0.1),
        nn.Linear(256, classes),
    )


def bits(model: nn.Module) -> dict[str, bytes]:
    """Return the weights as bytes, to compare them to the last bit."""
    return {
        name: tensor.contiguous().numpy().tobytes() for name, tensor in model.state_dict().items()
    }
