"""Random changes of training images, on the device where the images are."""

import torch
from torch import Tensor

from nas.data.options import Augmentation


def augment(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Return an augmented copy of a batch of images.

    A shift wraps around: what leaves at one edge is sky, and enters at the other as sky.

    Args:
        images: (B, C, H, W).
        how: which changes, and how large.
        generator: on the device of the batch.
    """
    if how.symmetries or how.shift:
        images = _move(images, how, generator)
    if how.noise:
        images = images + how.noise * torch.randn(
            images.shape, generator=generator, device=images.device, dtype=images.dtype
        )
    return images


def _move(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Flip, shift and transpose in one gather, so that every image gets its own draw without a
    loop.
    """
    batch, channels, height, width = images.shape
    device = images.device

    def draw(low: int, high: int) -> Tensor:
        return torch.randint(low, high, (batch, 1), generator=generator, device=device)

    # Where row i and column j of the result come from; only their sum below is as large as the
    # images.
    rows = torch.arange(height, device=device).expand(batch, height)
    columns = torch.arange(width, device=device).expand(batch, width)
    if how.symmetries:
        rows = torch.where(draw(0, 2).bool(), height - 1 - rows, rows)
        columns = torch.where(draw(0, 2).bool(), width - 1 - columns, columns)
    if how.shift:
        rows = (rows + draw(-how.shift, how.shift + 1)) % height
        columns = (columns + draw(-how.shift, how.shift + 1)) % width
    pixels = (rows * width)[:, :, None] + columns[:, None, :]
    if how.symmetries and height == width:
        pixels = torch.where(draw(0, 2).bool()[:, :, None], pixels.transpose(1, 2), pixels)
    pixels = pixels.reshape(batch, 1, height * width).expand(-1, channels, -1)
    return images.flatten(2).gather(2, pixels).view_as(images)
