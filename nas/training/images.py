"""The images of a data set as trainings need them: split, normalised, and on a device."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from nas.common.progress import say
from nas.costs import Costs
from nas.data.dataset import LensDataset, open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions, require_data
from nas.data.splits import Indices, Splits
from nas.data.targets import Target, Values, read_target
from nas.data.tensors import LensTensors
from nas.training.networks.card import ModelCard
from nas.training.task import Truth


@dataclass(frozen=True)
class TrainingImages:
    """A data set with its splits, and the normalisation fitted on its training images.

    Attributes:
        dataset: the data set, whose images stay on the disk.
        splits: positions of the images of each split.
        normalisation: normalisation that was fitted on the training images.
        target: the number that networks learn instead of classes; None where they learn classes.
        values: that number for every image of the data set (N,), in its own unit and NaN where an
            image has none; empty where networks learn classes.

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
    target: Target | None = None
    values: Values = field(default_factory=lambda: np.empty(0))

    @staticmethod
    def open(
        directory: Path | None, options: ReadOptions, target: str | None = None
    ) -> "TrainingImages":
        """Open a data set, and say which splits had to be made, and which images are left out.

        Args:
            directory: directory of the data set.
            options: how its images are read.
            target: name of the number that networks learn instead of classes; images that have none
                are left out of all splits.

        Raises:
            UserError: there is no directory, it is no data set, or it has no such target.
        """
        dataset = open_dataset(require_data(directory), options)
        splits = dataset.splits()
        if splits.made:
            say(f"splits that the data lack, made from seed 0: {', '.join(splits.made)}")
        if target is None:
            return TrainingImages(dataset, splits, Normalisation.fit(dataset.images, splits.train))
        values, unit = read_target(dataset, target)
        splits = _with_values(splits, values)
        standardised = Target.fit(target, unit, values[splits.train])
        _say_left_out(dataset, target, values)
        normalisation = Normalisation.fit(dataset.images, splits.train)
        return TrainingImages(dataset, splits, normalisation, standardised, values)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that networks learn, in label order; none where they learn a number."""
        return self.dataset.classes if self.target is None else ()

    def truth(self, indices: Indices) -> Truth:
        """Return what is right for some images: their labels, or their numbers.

        Args:
            indices: positions of the images in the data set, (N,).
        """
        return (self.dataset.labels if self.target is None else self.values)[indices]

    def train(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that networks learn from."""
        return self._load(self.splits.train, device)

    def val(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that choose epochs, architectures and settings."""
        return self._load(self.splits.val, device)

    def test(self, device: torch.device | str = "cpu") -> LensTensors:
        """Return the images that report how good a network is, and never choose."""
        return self._load(self.splits.test, device)

    def _load(self, indices: Indices, device: torch.device | str) -> LensTensors:
        tensors = LensTensors.load(self.dataset, indices, self.normalisation, device)
        if self.target is None:
            return tensors
        return tensors.with_target(self.target, self.values[indices])

    def costs(self) -> Costs:
        """Return the costs of networks for these images."""
        channels, height, width = self.dataset.images.shape[1:]
        return Costs((height, width), channels, len(self.classes) or 1)

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
            self.classes,
            channels,
            (height, width),
            self.normalisation,
            filled_pixels=self.dataset.info["filled"]["pixels"],
            target=self.target,
        )


def _with_values(splits: Splits, values: Values) -> Splits:
    """Return the splits without images that have no number."""
    known = np.isfinite(values)
    parts = {name: getattr(splits, name) for name in ("train", "val", "test")}
    return replace(splits, **{name: part[known[part]] for name, part in parts.items()})


def _say_left_out(dataset: LensDataset, target: str, values: Values) -> None:
    """Say how many images of which classes have no number."""
    counts = np.bincount(dataset.labels[np.isnan(values)], minlength=len(dataset.classes))
    if left := counts.sum():
        named = zip(dataset.classes, counts, strict=True)
        classes = ", ".join(f"{count:,} {name}" for name, count in named if count)
        say(f"{left:,} of {len(values):,} images have no {target} and are left out: {classes}")
