"""Zero-cost proxies: scores of a network that was not trained at all.

They are those that comparisons favour (Abdelfattah et al. 2021, arXiv 2101.08134; Li et al. 2023,
arXiv 2301.11300), each read off a network with random weights in a few passes.
"""

import copy
import math
from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BATCHES = 4
"""Batches that :func:`zico` compares."""


def synflow(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the log of the synaptic flow up to the head (Tanaka et al. 2020, arXiv 2006.05467).

    The head is left out, since its normalisation makes the output independent of what flows in.

    Args:
        network: The network, with ``forward_features``.
        images: A batch of images, of which only the shape counts.
        labels: Not used.
    """
    positive = copy.deepcopy(network).double().eval()
    with torch.no_grad():
        for weight in positive.parameters():
            weight.abs_()
    flow: Tensor = positive.forward_features(torch.ones_like(images[:1], dtype=torch.float64)).sum()  # type: ignore[operator]
    weights = list(positive.parameters())
    gradients = torch.autograd.grad(flow, weights, allow_unused=True)
    total = sum(
        (weight * gradient).abs().sum()
        for weight, gradient in zip(weights, gradients, strict=True)
        if gradient is not None
    )
    return math.log(max(float(torch.as_tensor(total).detach()), 1e-300))


def naswot(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return how differently images switch activations on (Mellor et al. 2021, arXiv 2006.04647).

    It is the log determinant of the number of activations in which two images agree.

    Args:
        network: The network, whose activations are modules.
        images: A batch of images (B, C, H, W).
        labels: Not used.
    """
    agree = torch.zeros(len(images), len(images), dtype=torch.float64)

    def count(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        on = (inputs[0].flatten(1) > 0).double()
        if len(on) == len(images):
            agree.add_(on @ on.T + (1 - on) @ (1 - on).T)

    hooks = [
        module.register_forward_pre_hook(count)
        for module in network.modules()
        if isinstance(module, nn.SiLU | nn.GELU)
    ]
    try:
        with torch.no_grad():
            network.train()(images)
    finally:
        for hook in hooks:
            hook.remove()
    return float(torch.linalg.slogdet(agree)[1])


def zico(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return how large and how steady gradients are (Li et al. 2023, arXiv 2301.11300).

    It is the sum over layers of the log of their weights' mean absolute gradient over its standard
    deviation between batches.

    Args:
        network: The network.
        images: Images (B, C, H, W), which are cut into :data:`BATCHES`.
        labels: Their labels (B).
    """
    layers = [
        module.weight for module in network.modules() if isinstance(module, nn.Conv2d | nn.Linear)
    ]
    seen: list[list[Tensor]] = []
    network.train()
    for some, right in zip(images.chunk(BATCHES), labels.chunk(BATCHES), strict=True):
        loss = F.cross_entropy(network(some), right)
        seen.append([gradient.abs() for gradient in torch.autograd.grad(loss, layers)])
    total = 0.0
    for gradients in zip(*seen, strict=True):
        stacked = torch.stack(gradients)
        mean, deviation = stacked.mean(0), stacked.std(0)
        steady = (mean / deviation.clamp(min=1e-12))[deviation > 0].sum()
        total += float(steady.clamp(min=1e-12).log())
    return total


PROXIES: Mapping[str, Callable[[nn.Module, Tensor, Tensor], float]] = {
    "synflow": synflow,
    "naswot": naswot,
    "zico": zico,
}
"""The proxies by name; more is better."""
