"""The average over the symmetries of an image, which any network can have for eight passes."""

from math import log

import torch
from torch import Tensor, nn

from search_spaces import tying
from search_spaces.symmetry import SYMMETRIES

_D4 = SYMMETRIES["d4"]


def averaged(network: nn.Module, images: Tensor) -> Tensor:
    """Return the logarithms (B, K) of a network's class probabilities, averaged over symmetries.

    The symmetries are the eight of the square, or the four of the rectangle where images are not
    square. A network that has those of the square built in is asked once.

    Args:
        network: Network that gives logits (B, K).
        images: Images (B, C, H, W).
    """
    logs = [logits.log_softmax(dim=1) for logits in _everywhere(network, images)]
    return logs[0] if len(logs) == 1 else torch.logsumexp(torch.stack(logs), dim=0) - log(len(logs))


def averaged_outputs(network: nn.Module, images: Tensor) -> Tensor:
    """Return a network's outputs (B, K), averaged over the same symmetries.

    Args:
        network: Network that gives outputs (B, K).
        images: Images (B, C, H, W).
    """
    return torch.stack(_everywhere(network, images)).mean(dim=0)


def _everywhere(network: nn.Module, images: Tensor) -> list[Tensor]:
    """Return what a network gives of the images, turned by one symmetry after the other."""
    if tying.order(network) == _D4.order:
        return [network(images)]
    square = images.shape[-1] == images.shape[-2]
    return [
        network(_D4.turned(images, element))
        for element, (_, turns) in enumerate(_D4.elements)
        if square or turns % 2 == 0
    ]


class SymmetryAverage(nn.Module):
    """A network whose class probabilities are averaged over the symmetries of the image.

    A network that has the symmetries built in gives what it gives without.

    Args:
        network: Network that gives logits (B, K) of images (B, C, H, W).

    Example:
        >>> import torch
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
        >>> average, images = SymmetryAverage(network), torch.randn(2, 1, 8, 8)
        >>> torch.allclose(average(images), average(images.flip(-1)), atol=1e-6)
        True
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Return the logarithms (B, K) of the average probabilities of images (B, C, H, W)."""
        return averaged(self.network, images)


class SymmetryMean(nn.Module):
    """A network whose outputs are averaged over the symmetries of the image.

    Args:
        network: Network that gives outputs (B, K) of images (B, C, H, W).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Return the average outputs (B, K) of images (B, C, H, W)."""
        return averaged_outputs(self.network, images)
