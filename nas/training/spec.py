"""The spec of a training: one value, with one digest, that decides the outcome."""

import json
from collections.abc import Mapping
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
    """The weights that a training starts from, where they are not random.

    Attributes:
        kind: where the weights are from: a file of ``weights`` for this network, or a ``supernet``
            that the network inherits from.
        digest: SHA-256 of the file of the weights or of the supernet.
    """

    kind: Literal["weights", "supernet"]
    digest: str


@dataclass(frozen=True, kw_only=True)
class TrainingSpec:
    """All that decides the outcome of a training of one network: equal specs have equal outcomes.

    A training is resumed only where its spec is equal. Directories are named after the digest of
    the spec, so that the same command finds its training again and no other does.

    Attributes:
        data: fingerprint of the data set.
        card: card of the network and its images.
        recipe: how the network is trained.
        seed: seed of the first weights, the order of the images, the augmentation and dropout.
        initial: weights that the training starts from; None for random ones.

    Example:
        >>> from dataclasses import replace
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.recipe import Recipe
        >>> from nas.training.spec import TrainingSpec
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> spec = TrainingSpec(data="0123abcd", card=card, recipe=Recipe(epochs=2), seed=0)
        >>> network = spec.build()
        >>> replace(spec, seed=1).digest == spec.digest
        False
        >>> replace(spec, seed=1).without_seed() == spec.without_seed()
        True
    """

    data: str
    card: ModelCard
    recipe: Recipe
    seed: int
    initial: InitialWeights | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values, which every checkpoint of the training holds."""
        values: dict[str, Any] = {"data": self.data, "model": self.card.to_json()}
        if self.initial is not None:
            values[self.initial.kind] = self.initial.digest
        return plain({**values, "recipe": self.recipe.to_json(), "seed": self.seed})

    def without_seed(self) -> dict[str, Any]:
        """Return the JSON values that trainings from several seeds have in common."""
        return {name: value for name, value in self.to_json().items() if name != "seed"}

    @property
    def digest(self) -> str:
        """Sixteen characters that differ for different specs."""
        return short_digest(self.to_json())

    @property
    def digest_without_seed(self) -> str:
        """Sixteen characters that are the same for all seeds of one training."""
        return short_digest(self.without_seed())

    def own_directory(self) -> Path:
        """Return the directory in results/runs that belongs to exactly this training."""
        return RUNS / f"{self.card.model}-{self.digest}"

    def build(self, weights: Weights | None = None) -> nn.Module:
        """Build the network with its first weights.

        Args:
            weights: weights to start from, where ``initial`` names a file of weights.

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
        """Train the network, or go on from where a killed call came.

        Args:
            model: network with its first weights.
            train: images to learn from.
            val: images that choose the epoch.
            directory: directory for the state, the best weights and the log.
            on_epoch: function that is called for each epoch.

        Raises:
            NonFiniteError: a loss or a score is not a number.
            UserError: what :func:`nas.training.loop.fit` raises.
        """
        files = TrainingFiles(directory, self.to_json())
        return fit(model, train, val, self.recipe, seed=self.seed, files=files, on_epoch=on_epoch)


def holds(values: Mapping[str, Any], spec: TrainingSpec) -> bool:
    """Return whether JSON values of a file say that they are of this training."""
    return all(values.get(name) == value for name, value in spec.to_json().items())


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Return JSON values as they come back from a file, with lists in the place of tuples."""
    read: dict[str, Any] = json.loads(json.dumps(values))
    return read
