"""Images on the device: one tensor, batches drawn and augmented where they live, no loader
processes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nas.data.augmentation import augment
from nas.data.dataset import LensDataset
from nas.data.normalisation import Normalisation
from nas.data.options import Augmentation

# Images copied to the device at a time: bounds the host memory.
_CHUNK = 4096


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
            images[start : start + len(chunk)] = torch.from_numpy(
                normalisation(dataset.images[chunk])
            )
        return LensTensors(
            images, torch.from_numpy(dataset.labels[indices]).to(device), dataset.classes
        )

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> "LensTensors":
        """Return the split on another device."""
        return LensTensors(self.images.to(device), self.labels.to(device), self.classes)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield (images, labels) in order, without changes, the last batch as small as it comes:
        for evaluation.
        """
        for start in range(0, len(self), size):
            yield self.images[start : start + size], self.labels[start : start + size]

    def shuffled(
        self, size: int, generator: torch.Generator, augmentation: Augmentation | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of (images, labels) in random order, augmented, in batches of exactly
        ``size``.

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
            yield (
                (augment(images, augmentation, generator) if augmentation else images),
                self.labels[batch],
            )
