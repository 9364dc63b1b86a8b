"""A search space: networks that look at the rings around the centre of a lens."""

import torch
from torch import Tensor, nn

from search_spaces import Architecture, Gene, SearchSpace, register_space


class RingMeans(nn.Module):
    """Averages a map (B, C, H, W) over rings around its centre: (B, C * rings)."""

    def __init__(self, rings: int) -> None:
        super().__init__()
        self.rings = rings

    def forward(self, maps: Tensor) -> Tensor:
        height, width = maps.shape[-2:]
        y = torch.linspace(-1, 1, height, device=maps.device)[:, None]
        x = torch.linspace(-1, 1, width, device=maps.device)
        ring = ((x**2 + y**2).sqrt() * self.rings / 2**0.5).long().clamp(max=self.rings - 1)
        member = nn.functional.one_hot(ring.flatten(), self.rings).to(maps.dtype)
        return (maps.flatten(2) @ (member / member.sum(0).clamp(min=1))).flatten(1)


def build(architecture: Architecture, in_chans: int, num_classes: int) -> nn.Module:
    """Build the network of an architecture."""
    width, rings = int(architecture["width"]), int(architecture["rings"])
    layers: list[nn.Module] = []
    for _ in range(int(architecture["depth"])):
        layers += [nn.Conv2d(in_chans, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU()]
        in_chans = width
    return nn.Sequential(*layers, RingMeans(rings), nn.Linear(width * rings, num_classes))


SPACE = SearchSpace(
    "ring_nets",
    [Gene("width", (4, 8, 16)), Gene("depth", (1, 2)), Gene("rings", (2, 4, 8))],
)

register_space("ring_nets", SPACE, build)
