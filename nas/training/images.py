"""The images of a data set as trainings need them: split, normalised, and on a device."""

from dataclasses import dataclass
from pathlib import Path

import torch

from nas.common.progress import say
from nas.costs import Costs
from nas.data.dataset import LensDataset, open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions, require_data
from nas.data.splits import Splits
from nas.data.tensors import LensTensors
from nas.training.networks.card import ModelCard


@dataclass(frozen=True)
class TrainingImages:
    """A data set with its splits, and the normalisation fitted on its training images.

    Attributes:
        dataset: the data set, whose images stay on the disk.
        splits: positions of the images of each split.
        normalisation: normalisation that was fitted on the training images.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data.options import ReadOptions
        >>> from nas.training.images import TrainingImages
        >>> random = np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for name in ("no_substructure", "subhalo"):
        ...         Path(directory, name).mkdir()
        ...         for number in range(20):
        ...             np.save(Path(directory, name, f"{number}.npy"), random.random((32, 32)))
        ...     images = TrainingImages.open(Path(directory), ReadOptions())
        ...     images.train().images.shape, len(images.val()), len(images.test())
        (torch.Size([28, 1, 32, 32]), 6, 6)
        >>> images.card("resnet18").classes
        ('no_substructure', 'subhalo')
    """

    dataset: LensDataset
    splits: Splits
    normalisation: Normalisation

    @staticmethod
    def open(directory: Path | None, options: ReadOptions) -> "TrainingImages":
        """Open a data set, and say which splits had to be made.

        Args:
            directory: directory of the data set.
            options: how its images are read.

        Raises:
            UserError: there is no directory, or it is no data set.
        """
        dataset = open_dataset(require_data(directory), options)
        splits = dataset.splits()
        if splits.made:
            say(f"splits that the data lack, made from seed 0: {', '.join(splits.made)}")
        return TrainingImages(dataset, splits, Normalisation.fit(dataset.images, splits.train))

    def train(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that networks learn from."""
        return LensTensors.load(self.dataset, self.splits.train, self.normalisation, device)

    def val(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that choose epochs, architectures and settings."""
        return LensTensors.load(self.dataset, self.splits.val, self.normalisation, device)

    def test(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that report how good a network is, and never choose."""
        return LensTensors.load(self.dataset, self.splits.test, self.normalisation, device)

    def costs(self) -> Costs:
        """Return the costs of networks for these images."""
        channels, height, width = self.dataset.images.shape[1:]
        return Costs((height, width), channels, len(self.dataset.classes))

    def card(self, model: str, architecture: str | None = None) -> ModelCard:
        """Return the card of a network for these images.

        Args:
            model: timm's name of the network; for an architecture, the name of its space.
            architecture: line of the architecture; None for a network that its name says all about.
        """
        channels, height, width = self.dataset.images.shape[1:]
        return ModelCard(
            model,
            architecture,
            self.dataset.classes,
            channels,
            (height, width),
            self.normalisation,
            filled_pixels=self.dataset.info["filled"]["pixels"],
        )
