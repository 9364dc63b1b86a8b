"""What decides the outcome of a training: one value, with one digest."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from torch import nn

from nas.common.files import RUNS, short_digest
from nas.data.tensors import LensTensors
from nas.training.files import TrainingFiles
from nas.training.loop import OnEpoch, Result, fit
from nas.training.networks.card import ModelCard
from nas.training.networks.pretrained import Weights
from nas.training.recipe import Recipe


@dataclass(frozen=True)
class InitialWeights:
    """Weights that a training starts from, where they are not random.

    Attributes:
        kind: a file of ``weights``, or a ``supernet`` that the network inherits from.
        digest: SHA-256 of the file.
    """

    kind: Literal["weights", "supernet"]
    digest: str


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """All that decides the outcome of a training of one network: equal specs have equal outcomes.

    A training is resumed only where its spec is equal, and directories are named after its digest,
    so that the same command finds its training again and no other does.

    Attributes:
        data: fingerprint of the data set.
        card: the network and its images.
        recipe: how it is trained.
        seed: of first weights, order of the images, augmentation and dropout.
        initial: first weights that are not random.
    """

    data: str
    card: ModelCard
    recipe: Recipe
    seed: int
    initial: InitialWeights | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values: what checkpoints say of their training."""
        values: dict[str, Any] = {"data": self.data, "model": self.card.to_json()}
        if self.initial is not None:
            values[self.initial.kind] = self.initial.digest
        return plain({**values, "recipe": self.recipe.to_json(), "seed": self.seed})

    def without_seed(self) -> dict[str, Any]:
        """Return what the trainings from several seeds have in common, as JSON values."""
        return {name: value for name, value in self.to_json().items() if name != "seed"}

    @property
    def digest(self) -> str:
        """Sixteen characters that are others for other specs."""
        return short_digest(self.to_json())

    def own_directory(self) -> Path:
        """A directory in results/runs for exactly this training."""
        return RUNS / f"{self.card.model}-{self.digest}"

    def build(self, weights: Weights | None = None) -> nn.Module:
        """Build the network with its first weights.

        Args:
            weights: those of ``initial``, where it is a file of weights.

        Raises:
            UserError: see :meth:`nas.training.networks.card.ModelCard.build`.
        """
        return self.card.build(self.seed, self.recipe.drop_path, weights)

    def fit(
        self,
        model: nn.Module,
        train: LensTensors,
        val: LensTensors,
        directory: Path,
        on_epoch: OnEpoch | None = None,
    ) -> Result:
        """Train the network, or go on where a killed call came.

        Args:
            model: with its first weights.
            train: images to learn from.
            val: images that choose the epoch.
            directory: for state, best weights and log.
            on_epoch: called for each epoch.

        Raises:
            UserError: what :func:`nas.training.loop.fit` raises.
        """
        files = TrainingFiles(directory, self.to_json())
        return fit(model, train, val, self.recipe, seed=self.seed, files=files, on_epoch=on_epoch)


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return JSON values as they come back from a file: with lists for tuples."""
    read: dict[str, Any] = json.loads(json.dumps(values))
    return read
