"""Images that live on the device as one tensor, where batches are drawn and augmented."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from nas.data.augmentation import augment
from nas.data.dataset import LensDataset
from nas.data.normalisation import Normalisation
from nas.data.options import Augmentation
from nas.data.targets import Target, Values

# Number of images that are copied to the device at a time, which bounds the memory of the host.
_CHUNK = 4096


@dataclass(frozen=True)
class LensTensors:
    """The images and labels of a split on a device.

    Attributes:
        images: normalised images, (N, C, H, W) float32.
        labels: labels of the images, (N,) int64, which are positions in ``classes``; where there is
            a target, its standardised values, (N,) float32.
        classes: class names in label order; none where there is a target.
        target: the number that networks learn instead of classes; None where they learn classes.

    Example:
        >>> import torch
        >>> from nas.data.options import Augmentation
        >>> from nas.data.tensors import LensTensors
        >>> labels = torch.arange(10) % 2
        >>> tensors = LensTensors(torch.randn(10, 1, 8, 8), labels, ("no_sub", "subhalo"))
        >>> [len(labels) for images, labels in tensors.batches(4)]
        [4, 4, 2]
        >>> generator = torch.Generator().manual_seed(0)
        >>> [len(labels) for images, labels in tensors.shuffled(4, generator, Augmentation())]
        [4, 4]
    """

    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
    target: Target | None = None

    @staticmethod
    def load(
        dataset: LensDataset,
        indices: np.ndarray[tuple[int], np.dtype[np.int64]],
        normalisation: Normalisation,
        device: torch.device | str = "cpu",
    ) -> "LensTensors":
        """Copy some images of a data set to a device, normalised.

        Args:
            dataset: data set that the images are taken from.
            indices: positions of the images in the data set, (N,).
            normalisation: normalisation that was fitted on training images.
            device: device to copy the images to.
        """
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
        """Return a copy of the split on another device."""
        return replace(self, images=self.images.to(device), labels=self.labels.to(device))

    def with_target(self, target: Target, values: Values) -> "LensTensors":
        """Return the same images with numbers in the place of classes.

        Args:
            target: the number that networks learn.
            values: its values (N,) for the images, in its own unit.
        """
        labels = torch.from_numpy(target.standardised(values)).to(self.images)
        return replace(self, labels=labels, classes=(), target=target)

    def batches(self, size: int) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield all images and labels in order and unchanged, as evaluation needs them.

        The last batch may be smaller than ``size``.
        """
        for start in range(0, len(self), size):
            yield self.images[start : start + size], self.labels[start : start + size]

    def shuffled(
        self, size: int, generator: torch.Generator, augmentation: Augmentation | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of images and labels in random order, augmented.

        Every batch has exactly ``size`` images. A remainder smaller than a batch waits for another
        epoch; if the whole split is smaller than a batch, it is the only batch.

        Args:
            size: number of images in a batch.
            generator: random numbers of the order and the augmentation, on the device of the
                images.
            augmentation: random changes of the images; None leaves them as they are.
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
