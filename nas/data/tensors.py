"""Images on the device: one tensor, batches drawn and augmented where they live, no loader processes."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas.data.dataset import LensDataset
from nas.data.normalisation import Normalisation
from nas.errors import UserError

# Images copied to the device at a time: bounds the host memory.
_CHUNK = 4096


@dataclass(frozen=True)
class Augmentation:
    """Random changes that leave the class of a lens as it is."""

    symmetries: bool = True
    """The eight symmetries of the square (the four of the rectangle where height and width differ)."""
    shift: int = 2
    """Largest shift in pixels along each axis, whole pixels so that nothing is smoothed; 0 switches it off."""
    noise: float = 0.0
    """Standard deviation of added Gaussian noise, in units of the normalised images; 0 switches it off."""

    def __post_init__(self) -> None:
        if self.shift < 0 or not self.noise >= 0:
            raise UserError(
                f"augmentation cannot have shift {self.shift} and noise {self.noise}: give 0 (off) or more for each"
            )

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Return an augmented copy of a batch (B, C, H, W); the generator must be on the batch's device.

        A shift wraps around: what leaves at one edge is sky, and enters at the other as sky.
        """
        if self.symmetries or self.shift:
            images = self._move(images, generator)
        if self.noise:
            images = images + self.noise * torch.randn(
                images.shape, generator=generator, device=images.device, dtype=images.dtype
            )
        return images

    def _move(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Flip, shift and transpose in one gather, so that every image gets its own draw without a loop."""
        batch, channels, height, width = images.shape
        device = images.device

        def draw(low: int, high: int) -> Tensor:
            return torch.randint(low, high, (batch, 1), generator=generator, device=device)

        # Where row i and column j of the result come from; only their sum below is as large as the images.
        rows = torch.arange(height, device=device).expand(batch, height)
        columns = torch.arange(width, device=device).expand(batch, width)
        if self.symmetries:
            rows = torch.where(draw(0, 2).bool(), height - 1 - rows, rows)
            columns = torch.where(draw(0, 2).bool(), width - 1 - columns, columns)
        if self.shift:
            rows = (rows + draw(-self.shift, self.shift + 1)) % height
            columns = (columns + draw(-self.shift, self.shift + 1)) % width
        pixels = (rows * width)[:, :, None] + columns[:, None, :]
        if self.symmetries and height == width:
            pixels = torch.where(draw(0, 2).bool()[:, :, None], pixels.transpose(1, 2), pixels)
        pixels = pixels.reshape(batch, 1, height * width).expand(-1, channels, -1)
        return images.flatten(2).gather(2, pixels).view_as(images)


@dataclass(frozen=True)
class LensTensors:
    """A split on a device.

    Attributes:
        images: (N, C, H, W) float32, normalised.
        labels: (N,) int64.
        classes: class names in label order.
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]

    @staticmethod
    def load(
        dataset: LensDataset,
        indices: np.ndarray[tuple[int], np.dtype[np.int64]],
        normalisation: Normalisation,
        device: torch.device | str = "cpu",
    ) -> "LensTensors":
        """Copy the images at ``indices`` to the device, normalised."""
        images = torch.empty((len(indices), *dataset.images.shape[1:]), device=device)
        for start in range(0, len(indices), _CHUNK):
            chunk = indices[start : start + _CHUNK]
            images[start : start + len(chunk)] = torch.from_numpy(normalisation(dataset.images[chunk]))
        return LensTensors(images, torch.from_numpy(dataset.labels[indices]).to(device), dataset.classes)

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "LensTensors":
        """Return the split on another device."""
        return LensTensors(self.images.to(device), self.labels.to(device), self.classes)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels) in order, without changes, the last batch as small as it comes: for evaluation."""
        for start in range(0, len(self), size):
            yield self.images[start : start + size], self.labels[start : start + size]

    def shuffled(
        self, size: int, generator: torch.Generator, augmentation: Augmentation | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of (images, labels) in random order, augmented, in batches of exactly ``size``.

        A remainder smaller than a batch waits for another epoch, unless it is all there is.

        Args:
            size: images in a batch.
            generator: of the order and the augmentation; on the device of the images.
            augmentation: None for the images as they are.
        """
        order = torch.randperm(len(self), generator=generator, device=self.labels.device)
        size = min(size, len(self))
        for start in range(0, len(self) - size + 1, size):
            batch = order[start : start + size]
            images = self.images[batch]
            yield (augmentation(images, generator) if augmentation else images), self.labels[batch]
