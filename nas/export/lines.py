"""Lines of Python that load a trained network with timm."""

from pathlib import Path
from typing import Any

import timm
import torch
from torch import nn

from nas.training.networks.card import ModelCard
from nas.training.networks.classifier import Classifier


def lines_for_checkpoint(classifier: Classifier, checkpoint: Path) -> str:
    """Return the lines that build the network and load its weights from a checkpoint.

    Building is tried before the lines are returned.
    """
    network, card = classifier.network, classifier.card
    options: dict[str, Any] = {"in_chans": card.in_chans, "num_classes": len(card.classes)}
    if card.architecture is not None:
        options["architecture"] = card.architecture
    if not _loads(network, card, options):
        options["img_size"] = card.input_size
        assert _loads(network, card, options)  # as the card builds it
    arguments = "".join(f", {name}={value!r}" for name, value in options.items())
    return "\n".join(
        (
            *_imports(card, "safetensors.torch"),
            f'model = timm.create_model("{card.model}"{arguments})',
            f'model.load_state_dict(safetensors.torch.load_file("{checkpoint}"))',
        )
    )


def lines_for_folder(card: ModelCard, folder: Path | str) -> str:
    """Return the lines that load the network from a directory in timm's layout.

    Args:
        card: card of the network.
        folder: the directory.
    """
    return "\n".join(
        (
            *_imports(card),
            f'model = timm.create_model("local-dir:{folder}", pretrained=True).eval()',
        )
    )


def _imports(card: ModelCard, *modules: str) -> list[str]:
    """Return the line that imports modules and all that timm needs to know the network."""
    module = timm.model_entrypoint(card.model).__module__
    known = [*modules, "timm"]
    if module == "__main__":  # of a notebook or script, which nobody else can import
        register = "register_network" if card.architecture is None else "register_space"
        return [
            f"import {', '.join(known)}",
            f"# first run what defines {card.model} and calls {register}({card.model!r}, …)",
        ]
    if not module.startswith("timm."):
        known.append(module.removesuffix(".models"))
    return [f"import {', '.join(known)}"]


def _loads(network: nn.Module, card: ModelCard, options: dict[str, Any]) -> bool:
    """Return whether timm builds the same network from these options alone."""
    try:
        model = timm.create_model(card.model, **options).eval()
        model.load_state_dict(network.state_dict())
        with torch.no_grad():
            model(torch.zeros(1, card.in_chans, *card.input_size))
    except (RuntimeError, AssertionError):
        return False
    return True
