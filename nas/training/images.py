"""The images of a data set as trainings need them: opened, split, normalised, on a device."""

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
    """A data set with its splits, and the normalisation fitted on its training images."""

    dataset: LensDataset
    splits: Splits
    normalisation: Normalisation

    @staticmethod
    def open(directory: Path | None, options: ReadOptions) -> "TrainingImages":
        """Open a data set, and say which splits had to be made.

        Raises:
            UserError: there is no directory, or it is no data set.
        """
        dataset = open_dataset(require_data(directory), options)
        splits = dataset.splits()
        if splits.made:
            say(f"splits that the data lack, made from seed 0: {', '.join(splits.made)}")
        return TrainingImages(dataset, splits, Normalisation.fit(dataset.images, splits.train))

    def train(self, device: torch.device | str = "cpu") -> LensTensors:
        """The images that networks learn from."""
        return LensTensors.load(self.dataset, self.splits.train, self.normalisation, device)

    def val(self, device: torch.device | str = "cpu") -> LensTensors:
        """The images that choose."""
        return LensTensors.load(self.dataset, self.splits.val, self.normalisation, device)

    def test(self, device: torch.device | str = "cpu") -> LensTensors:
        """The images that report, and never choose."""
        return LensTensors.load(self.dataset, self.splits.test, self.normalisation, device)

    def costs(self) -> Costs:
        """What networks for these images cost."""
        channels, height, width = self.dataset.images.shape[1:]
        return Costs((height, width), channels, len(self.dataset.classes))

    def card(self, model: str, architecture: str | None = None) -> ModelCard:
        """The card of a network for these images."""
        channels, height, width = self.dataset.images.shape[1:]
        return ModelCard(
            model, architecture, self.dataset.classes, channels, (height, width), self.normalisation
        )
