"""What must be known to build a network again and to feed it images: stored with every checkpoint."""

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

import search_spaces  # noqa: F401 - registers its networks with timm
from nas.data.normalisation import Normalisation
from nas.errors import UserError
from nas.training.checkpoint import load_checkpoint
from nas.training.evaluation import check_logits

_LIST = "timm.list_models() lists them"


@dataclass(frozen=True)
class ModelCard:
    """A network and its images.

    Attributes:
        model: timm's name of the network; for an architecture, the name of its space.
        architecture: the architecture's line; None for a network that its name says all about.
        classes: class names in label order.
        in_chans: channels of an image.
        image_size: height and width of an image in pixels.
        normalisation: of the images, fitted on those that the network learned from.
    """

    model: str
    architecture: str | None
    classes: tuple[str, ...]
    in_chans: int
    image_size: tuple[int, int]
    normalisation: Normalisation

    def to_json(self) -> dict[str, Any]:
        """Return the card as JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "ModelCard":
        """Return the card that ``to_json`` wrote.

        Raises:
            UserError: something is missing, or from another version.
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
            )
        except (KeyError, TypeError) as error:
            raise UserError(f"the checkpoint says too little about its network ({error}): train it anew") from error

    def build(self, seed: int = 0, drop_path: float = 0.0) -> nn.Module:
        """Build the network with fresh weights on the CPU, and check that it takes the images.

        Args:
            seed: of the weights; the global random state is left as it was found.
            drop_path: share of residual branches skipped in training.

        Raises:
            UserError: timm does not know the network, or it cannot be built for such images or with ``drop_path``.
            search_spaces.SpaceError: the architecture is none, or too deep for such small images.
        """
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return self._build(drop_path)

    def _build(self, drop_path: float) -> nn.Module:
        options: dict[str, Any] = {"in_chans": self.in_chans, "num_classes": len(self.classes)}
        if drop_path:
            options["drop_path_rate"] = drop_path
        if self.architecture is not None:
            model = _create(self.model, {**options, "architecture": self.architecture})
            _try(model, self)
            return model
        if not timm.is_model(self.model):
            near = difflib.get_close_matches(self.model, timm.list_models(), n=3)
            raise UserError(
                f"timm has no model {self.model}: " + (f"did you mean {', '.join(near)}?" if near else _LIST)
            )
        try:
            model = _create(self.model, {**options, "img_size": self.image_size})
            _try(model, self)
        except (RuntimeError, ValueError, AssertionError) as error:
            height, width = self.image_size
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise UserError(
                f"{self.model} cannot take images of {height} × {width} pixels ({reason}): "
                "choose another model, or another size with --crop"
            ) from error
        return model


def load_network(path: Path) -> tuple[nn.Module, ModelCard]:
    """Build the network of a ``model.safetensors`` with its weights, on the CPU and in evaluation mode.

    Raises:
        UserError: there is no such file, or it holds no network that can be built.
    """
    checkpoint = load_checkpoint(path)
    card = ModelCard.from_json(checkpoint.about.get("model", {}))
    model = card.build()
    try:
        model.load_state_dict(checkpoint.tensors)
    except RuntimeError as error:
        raise UserError(
            f"the weights in {path} are not those of {card.model}, which it names: train it anew"
        ) from error
    return model, card


def _create(name: str, options: dict[str, Any]) -> nn.Module:
    """Call timm, without ``img_size`` where the network is of any size."""
    try:
        return timm.create_model(name, **options)
    except TypeError as error:
        if "'img_size'" in str(error):
            return _create(name, {key: value for key, value in options.items() if key != "img_size"})
        if "'drop_path_rate'" in str(error):
            raise UserError(f"{name} has no residual branches to skip: leave out --drop-path") from error
        raise


def _try(model: nn.Module, card: ModelCard) -> None:
    """Run the network once on empty images of the right shape; nothing of it changes."""
    with torch.no_grad():
        logits = model.eval()(torch.zeros(2, card.in_chans, *card.image_size))
    check_logits(logits, len(card.classes))
