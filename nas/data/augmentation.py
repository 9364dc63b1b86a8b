"""Random changes of training images, made on the device where the images are."""

from collections.abc import Callable

import torch
from torch import Tensor

from lens_nas_plugins.mistakes import plugin_code
from nas.common.errors import UserError
from nas.data.options import AUGMENTATIONS, Augmentation


def augment(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Return an augmented copy of a batch of images.

    Each image gets changes of its own. A shift wraps around: what leaves the image at one edge is
    sky, and enters at the other edge as sky.

    Args:
        images: batch of images, (B, C, H, W).
        how: which changes are made, and how large they are.
        generator: random numbers of the changes, on the device of the batch.

    Example:
        >>> import torch
        >>> from nas.data.augmentation import augment
        >>> from nas.data.options import Augmentation
        >>> images = torch.randn(16, 1, 32, 32)
        >>> generator = torch.Generator().manual_seed(0)
        >>> augmented = augment(images, Augmentation(symmetries=True, shift=2), generator)
        >>> augmented.shape
        torch.Size([16, 1, 32, 32])
        >>> torch.equal(augmented, images)
        False
        >>> torch.equal(augmented.flatten().sort().values, images.flatten().sort().values)
        True
    """
    if how.symmetries or how.shift:
        images = _move(images, how, generator)
    if how.noise:
        images = images + how.noise * torch.randn(
            images.shape, generator=generator, device=images.device, dtype=images.dtype
        )
    for name in how.others:
        images = _changed(name, images, generator)
    return images


def _changed(name: str, images: Tensor, generator: torch.Generator) -> Tensor:
    """Return what the augmentation of a plug-in makes of images."""
    change = AUGMENTATIONS.get(name)
    # That memory is short is no mistake in the function.
    with plugin_code(UserError, f"the augmentation {name}", torch.OutOfMemoryError):
        changed = change(images, generator)
    if not isinstance(changed, Tensor) or changed.shape != images.shape:
        made = tuple(changed.shape) if isinstance(changed, Tensor) else type(changed).__name__
        raise UserError(
            f"the augmentation {name} made {made} of images of {tuple(images.shape)}: let it "
            "return images of the same shape"
        )
    return changed


def register_augmentation(name: str, change: Callable[[Tensor, torch.Generator], Tensor]) -> None:
    """Register an augmentation of one's own, which ``--augmentation.also`` then knows.

    Args:
        name: Name of the augmentation.
        change: Returns changed images, given normalised images (B, C, H, W) and the generator of
            all random numbers, which is on their device.

    Raises:
        UserError: There is an augmentation of this name, or it is no function.

    Example:
        >>> import torch
        >>> from nas.data import Augmentation, register_augmentation
        >>> from nas.data.augmentation import augment
        >>> register_augmentation("negative", lambda images, generator: -images)
        >>> how = Augmentation(symmetries=False, shift=0, also="negative")
        >>> augment(torch.ones(1, 1, 2, 2), how, torch.Generator()).tolist()
        [[[[-1.0, -1.0], [-1.0, -1.0]]]]
    """
    AUGMENTATIONS.add(name, change)


def _move(images: Tensor, how: Augmentation, generator: torch.Generator) -> Tensor:
    """Flip, shift and transpose the images, each by its own draw, in one gather and no loop."""
    batch, channels, height, width = images.shape
    device = images.device

    def draw(low: int, high: int) -> Tensor:
        return torch.randint(low, high, (batch, 1), generator=generator, device=device)

    # Row i and column j of the result come from these rows and columns of the images. They stay
    # apart as long as possible, since only their sum below is as large as the images.
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
