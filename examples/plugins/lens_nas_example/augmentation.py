"""An augmentation: the sky is brighter or darker."""

import torch
from torch import Tensor

from nas.data import register_augmentation


def dim(images: Tensor, generator: torch.Generator) -> Tensor:
    """Add one random number to every image (B, C, H, W)."""
    size = (len(images), 1, 1, 1)
    return images + 0.05 * torch.randn(size, generator=generator, device=images.device)


register_augmentation("dimmed", dim)
