"""Train a supernet, and read a trained one."""

from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any, Literal

import torch
from torch import nn

from nas.common.artefacts import checked, reading
from nas.common.errors import UserError
from nas.common.files import RUNS, short_digest
from nas.common.rules import Text
from nas.data.tensors import LensTensors
from nas.training.files import TrainingFiles
from nas.training.loop import OnEpoch, Result, Validate, fit
from nas.training.networks.card import KnownCard, with_present_names
from nas.training.networks.checkpoint import load_checkpoint, load_weights
from nas.training.precision import autocast
from nas.training.recipe import Recipe
from nas.training.spec import plain
from nas.training.supernet.inheritance import Inheritance
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.sharing_step import SharingStep
from nas.training.supernet.worker import Worker
from search_spaces import SpaceError, Supernet, get_space
from search_spaces.hybrid import ends

SHOWN = ("auc_smallest", "auc_largest")
"""Names of the validation scores that tell how the training of a supernet goes."""


@dataclass(frozen=True)
class SupernetCard:
    """What must be known to build a supernet again and to feed it images.

    The card is stored with the checkpoint of the supernet.

    Attributes:
        networks: card that all networks of the supernet share; it names the space and no
            architecture.
        norm: normalisation of the convolutions, ``batch`` or ``group``.
    """

    networks: KnownCard
    norm: Literal["batch", "group"] = "batch"

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return {**self.networks.to_json(), "norm": self.norm}

    @staticmethod
    def from_json(values: Any) -> "SupernetCard":
        """Return the card that ``to_json`` wrote.

        Raises:
            DamageError: a value is missing, of another type or out of bounds.
        """
        return checked(
            SupernetCard,
            {**checked(dict[str, Any], values), "networks": with_present_names(values)},
        )

    def build(self, seed: int = 0) -> Supernet:
        """Build the supernet with fresh weights on the CPU.

        Args:
            seed: seed of the weights; the global random state is left as it was found.

        Raises:
            search_spaces.SpaceError: there is no such space, or it has no networks.
        """
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            space = get_space(self.networks.model)
            return Supernet(
                space, self.networks.in_chans, len(self.networks.classes), norm=self.norm
            )


@dataclass(frozen=True, kw_only=True)
class SupernetSpec:
    """All that decides the outcome of a supernet's training: equal specs have equal outcomes.

    Attributes:
        data: fingerprint of the data set.
        card: card of the supernet and its images.
        sharing: which networks learn from a batch.
        recipe: how the supernet is trained.
        seed: seed of the first weights, the order of the images, the augmentation, and the random
            networks.
        workers: number of processes that train together.

    Example:
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.recipe import Recipe
        >>> from nas.training.supernet.sharing import Sharing
        >>> from nas.training.supernet.training import SupernetCard, SupernetSpec
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> networks = ModelCard("hybrid_nano", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> spec = SupernetSpec(
        ...     data="0123abcd",
        ...     card=SupernetCard(networks),
        ...     sharing=Sharing(random_subnets=2),
        ...     recipe=Recipe(epochs=5),
        ... )
        >>> spec.own_directory().name.startswith("supernet-hybrid_nano-")
        True
    """

    data: str
    card: SupernetCard
    sharing: Sharing
    recipe: Recipe
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if self.recipe.compile:
            raise UserError(
                "--compile cannot be used for a supernet, whose networks change at every step"
            )
        if self.recipe.drop_path:
            raise UserError(
                "--drop-path cannot be used for a supernet, whose smallest network has no blocks "
                "to spare"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the spec as JSON values, which every checkpoint of the training holds."""
        # The number of workers decides the outcome only through batch statistics, which are those
        # of a worker's share. Without them, several workers do what one does.
        workers = {"workers": self.workers} if self.card.norm == "batch" else {}
        network = {"supernet": self.card.to_json(), "sharing": self.sharing.to_json(), **workers}
        return plain(
            {"data": self.data, **network, "recipe": self.recipe.to_json(), "seed": self.seed}
        )

    @property
    def digest(self) -> str:
        """Sixteen characters that differ for different specs."""
        return short_digest(self.to_json())

    def own_directory(self) -> Path:
        """Return the directory in results/runs that belongs to exactly this training."""
        return RUNS / f"supernet-{self.card.networks.model}-{self.digest}"


@dataclass(frozen=True)
class SupernetTraining:
    """The training of a supernet in a directory.

    Attributes:
        spec: spec of the training.
        directory: directory of the state, the best weights and the log.
    """

    spec: SupernetSpec
    directory: Path

    def is_finished(self) -> bool:
        """Return whether all epochs are done.

        Raises:
            UserError: the directory belongs to another training, or its state is damaged.
        """
        saved = TrainingFiles(self.directory, self.spec.to_json()).read()
        return saved is not None and len(saved[1]) == self.spec.recipe.epochs

    def run(
        self,
        train: LensTensors,
        val: LensTensors,
        worker: Worker | None = None,
        on_epoch: OnEpoch | None = None,
    ) -> Result:
        """Train, or go on from where an earlier call came; see :func:`nas.training.loop.fit`.

        The epoch that is kept is the one whose smallest and largest networks, of all symmetries,
        have the highest mean validation AUC.

        Args:
            train: images to learn from.
            val: images that choose the epoch.
            worker: place of this process among several that train together; None if it is alone.
            on_epoch: function that is called for each epoch.

        Raises:
            NonFiniteError: the loss of a network is not a number.
            UserError: the directory belongs to another training.
            SpaceError: the space has no networks, or one of them is too deep for such images.
        """
        spec, worker = self.spec, worker or Worker()
        supernet = spec.card.build(spec.seed)
        precision = autocast(spec.recipe.amp, supernet, train.images.device)
        step = SharingStep(
            supernet.space, spec.sharing, spec.seed, precision, spec.recipe.label_smoothing
        )
        return fit(
            supernet,
            train,
            val,
            spec.recipe,
            seed=spec.seed,
            files=TrainingFiles(self.directory, spec.to_json(), writes=worker.rank == 0),
            step=worker.share(step),
            validate=_ends(train),
            shown=SHOWN,
            on_epoch=on_epoch,
        )


def _ends(train: LensTensors) -> Validate:
    """Return what scores the smallest and the largest network of each symmetry.

    All others lie between them.
    """

    def validate(model: nn.Module, val: LensTensors) -> dict[str, float]:
        assert isinstance(model, Supernet)
        inheritance = Inheritance(train, val)
        smallest, largest = (
            mean(inheritance.score(model, architecture).auc for architecture in end)
            for end in ends(model.space)
        )
        return {"auc": (smallest + largest) / 2, "auc_smallest": smallest, "auc_largest": largest}

    return validate


def load_supernet(path: Path) -> tuple[Supernet, SupernetCard, str]:
    """Build the supernet of a ``model.safetensors`` with its weights.

    Returns:
        The supernet, on the CPU and in evaluation mode, its card, and the fingerprint of the data
        set that it was trained on.

    Raises:
        UserError: there is no such file, or it holds no supernet that can be built.

    Example:
        >>> import tempfile
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.networks.checkpoint import save_checkpoint
        >>> from nas.training.supernet.training import SupernetCard, load_supernet
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> networks = ModelCard("hybrid_nano", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> card = SupernetCard(networks)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     about = {"supernet": card.to_json(), "data": "0123abcd"}
        ...     save_checkpoint(path, card.build().state_dict(), about)
        ...     supernet, loaded, data = load_supernet(path)
        >>> loaded == card, data
        (True, '0123abcd')
    """
    checkpoint = load_checkpoint(path)
    if "supernet" not in checkpoint.about:
        raise UserError(
            f"{path} holds a single network: give the model.safetensors of python -m nas.supernet"
        )
    with reading(f"what {path} says of its supernet", "copy it again or train anew"):
        card = SupernetCard.from_json(checkpoint.about["supernet"])
        data = checked(Text, checkpoint.about.get("data"))
    try:
        supernet = card.build()
    except SpaceError as error:
        raise UserError(f"{path} holds no supernet that can be built: {error}") from error
    load_weights(supernet, checkpoint, path, f"a supernet of {card.networks.model}")
    return supernet.eval(), card, data


def require_batch_norm(card: SupernetCard, path: Path) -> None:
    """Refuse a supernet that is not normalised by batch.

    The networks of a space are normalised by batch: a network that inherits weights of another kind
    cannot be trained further as one of them.

    Args:
        card: card of the supernet.
        path: path of the supernet, for the error message.

    Raises:
        UserError: the supernet is normalised in another way.
    """
    if card.norm != "batch":
        raise UserError(
            f"{path} was trained with --norm {card.norm}: give a supernet that was trained with "
            "--norm batch"
        )
