"""The card of a network: what must be known to build it again and to feed it images.

The card is stored with every checkpoint.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from nas.common.errors import UserError
from nas.common.progress import say
from nas.data.normalisation import Normalisation
from nas.training.evaluation import check_logits
from nas.training.networks.checkpoint import load_checkpoint, load_weights
from nas.training.networks.pretrained import Weights, first_random, no_warnings
from nas.training.networks.timm_models import Pixels, Resize, create, require_network, sizes_to_try
from search_spaces import SpaceError  # This package registers our networks with timm.

# Number of characters that are shown of a reason that another library gives.
_LONG = 160


class MisfitError(UserError):
    """A network cannot be built for images of this size, or from these weights for it."""


@dataclass(frozen=True)
class ModelCard:
    """A network and its images.

    Attributes:
        model: timm's name of the network; for an architecture, the name of its space.
        architecture: line of the architecture; None for a network that its name says all about.
        classes: class names in label order.
        in_chans: number of channels of an image.
        image_size: height and width of an image in pixels.
        normalisation: normalisation of the images, fitted on those that the network learned from.
        resized_to: height and width that the images are resized to on their way into a network that
            does not take them as they are; None for a network that does.

    Example:
        >>> import torch
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> scale = Normalisation(mean=(0.0,), std=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> network = card.fitted().build(seed=0)
        >>> network(torch.zeros(4, 1, 32, 32)).shape
        torch.Size([4, 2])
    """

    model: str
    architecture: str | None
    classes: tuple[str, ...]
    in_chans: int
    image_size: Pixels
    normalisation: Normalisation
    resized_to: Pixels | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "ModelCard":
        """Return the card that ``to_json`` wrote.

        Raises:
            UserError: a value is missing, or from another version.
        """
        try:
            scale = {name: tuple(numbers) for name, numbers in values["normalisation"].items()}
            return ModelCard(
                model=values["model"],
                architecture=values["architecture"],
                classes=tuple(values["classes"]),
                in_chans=values["in_chans"],
                image_size=tuple(values["image_size"]),
                normalisation=Normalisation(**scale),
                resized_to=tuple(values["resized_to"]) if values.get("resized_to") else None,
            )
        except (KeyError, TypeError) as error:
            raise UserError(
                f"the checkpoint says too little about its network ({error}): train it anew"
            ) from error

    @property
    def input_size(self) -> Pixels:
        """The height and width of the images that reach the network."""
        return self.resized_to or self.image_size

    def fitted(self, weights: Weights | None = None) -> "ModelCard":
        """Return the card with a size of images that the network takes.

        It is the first size of :func:`sizes_to_try` that works. If the images must be resized, one
        sentence on standard error says so.

        Args:
            weights: weights to start from, which some networks take at their own size only; None
                for random ones.

        Raises:
            UserError: the network takes no size, or timm does not know it.
        """
        if self.architecture is not None:
            return self
        require_network(self.model)
        misfit = None
        for size in sizes_to_try(self.model, self.image_size):
            card = replace(self, resized_to=size)
            try:
                card.build(weights=weights)
            except MisfitError as error:
                misfit = error
            else:
                if size is not None:
                    say(
                        f"images of {_pixels(self.image_size)} are resized to {_pixels(size)} for "
                        f"{self.model}"
                    )
                return card
        assert misfit is not None  # There was at least one size.
        raise misfit

    def build(
        self, seed: int = 0, drop_path: float = 0.0, weights: Weights | None = None
    ) -> nn.Module:
        """Build the network on the CPU, and check that it takes the images.

        Args:
            seed: seed of the random weights; the global random state is left as it was found.
            drop_path: share of residual branches that are skipped in training.
            weights: weights to start from; None for random ones. timm adapts them to the channels
                and the size of the images, and the classifier is always random.

        Raises:
            UserError: timm does not know the network, or it cannot be built for such images, from
                such weights, or with ``drop_path``.
            search_spaces.SpaceError: the line is no architecture of the space, or the architecture
                is too deep for such small images.
        """
        require_network(self.model)
        options: dict[str, Any] = {"drop_path_rate": drop_path} if drop_path else {}
        if self.architecture is not None:
            options["architecture"] = self.architecture
        model = self._checked(seed, options)
        return model if weights is None else self._loaded(seed, options, weights)

    def _checked(self, seed: int, options: dict[str, Any]) -> nn.Module:
        """Build the network with random weights, and run it once on empty images.

        The run changes nothing in the network.
        """
        try:
            model = self._create(seed, options).eval()
            with torch.no_grad():
                logits = model(torch.zeros(2, self.in_chans, *self.image_size))
        except SpaceError:
            raise
        except (RuntimeError, ValueError, AssertionError) as error:
            resized = f", nor resized to {_pixels(self.resized_to)}" if self.resized_to else ""
            raise MisfitError(
                f"{self.model} cannot take images of {_pixels(self.image_size)}{resized} "
                f"({_reason(error)}): choose another model, or another size with --crop"
            ) from error
        check_logits(logits, len(self.classes))
        return model

    def _loaded(self, seed: int, options: dict[str, Any], weights: Weights) -> nn.Module:
        """Build the network with given weights; only the classifier may be left to chance."""
        options = {**options, **weights.options()}
        try:
            # timm warns of every name that does not fit; one sentence of ours says it.
            with no_warnings("timm"):
                model, other = self._create(seed, options), self._create(seed + 1, options)
        except (RuntimeError, KeyError) as error:
            raise MisfitError(
                f"{weights.source} does not hold weights of {self.model} for images of "
                f"{_pixels(self.input_size)} ({_reason(error)}): give those of this network"
            ) from error
        missing = first_random(model, other)
        if missing is not None:
            raise UserError(
                f"{weights.source} lacks {missing} of {self.model}: give weights of this network"
            )
        # The weights stay in the configuration otherwise, and every copy would copy them too.
        model.default_cfg.pop("state_dict")  # type: ignore[union-attr,operator]
        return model.eval()

    def _create(self, seed: int, options: dict[str, Any]) -> nn.Module:
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            model = create(
                self.model,
                self.input_size,
                in_chans=self.in_chans,
                num_classes=len(self.classes),
                **options,
            )
        if self.resized_to is not None:
            model.register_forward_pre_hook(Resize(self.resized_to))
        return model


def load_network(path: Path) -> tuple[nn.Module, ModelCard]:
    """Build the network of a ``model.safetensors`` with its weights.

    Returns:
        The network, on the CPU and in evaluation mode, and its card.

    Raises:
        UserError: there is no such file, or it holds no network that can be built.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard, load_network
        >>> from nas.training.networks.checkpoint import save_checkpoint
        >>> scale = Normalisation(mean=(0.0,), std=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     save_checkpoint(path, card.build().state_dict(), {"model": card.to_json()})
        ...     network, loaded = load_network(path)
        >>> loaded == card
        True
    """
    checkpoint = load_checkpoint(path)
    if "model" not in checkpoint.about and "supernet" in checkpoint.about:
        raise UserError(
            f"{path} holds the shared weights of a supernet: train one of its networks with "
            "python -m nas.retrain, and give that"
        )
    card = ModelCard.from_json(checkpoint.about.get("model", {}))
    model = card.build()
    load_weights(model, checkpoint, path, card.model)
    return model, card


def _pixels(size: Pixels) -> str:
    return f"{size[0]} × {size[1]} pixels"


def _reason(error: Exception) -> str:
    """Return the reason in one line, which names the first of several weights that do not fit."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    line = next((line for line in lines if not line.endswith(":")), type(error).__name__)
    return line if len(line) <= _LONG else f"{line[:_LONG]}…"
