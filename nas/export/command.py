"""The command ``python -m nas.export``: writing a trained network as ONNX."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import timm
import torch
from torch import nn

from nas.common.errors import UserError
from nas.common.files import atomic_path, room_for
from nas.common.progress import say
from nas.common.screen import screen
from nas.export.settings import ExportSettings
from nas.training.networks.card import ModelCard
from nas.training.networks.classifier import Classifier, load_classifier

# A probability may differ by so much between torch and onnxruntime; float32 leaves about 1e-6.
_TOLERANCE = 1e-4

# Torch and onnxruntime are compared on batches of these sizes.
_BATCHES = (1, 5)


def run(settings: ExportSettings) -> None:
    """Print how to load the network with timm, then write it as ONNX and compare the two."""
    classifier, card = load_classifier(settings.checkpoint, settings.average_symmetries)
    height, width = card.input_size
    say(
        f"the network alone, which takes images that are normalised and of {height} × {width} "
        "pixels, is loaded by"
    )
    lines = _three_lines(classifier.network, card, settings.checkpoint)
    screen().print(lines, soft_wrap=True)
    say(f"writing {card.model} as ONNX")
    with room_for(settings.onnx, "give the same command again"), atomic_path(settings.onnx) as path:
        _write(classifier, card, path)
        difference = _difference(classifier, card, path)
        if not difference <= _TOLERANCE:
            raise UserError(
                f"{card.model} computes something else as ONNX (probabilities differ by "
                f"{difference:.1g}): use it through torch, with the lines above"
            )
    say(f"{settings.onnx} gives the probabilities of torch (largest difference {difference:.1g})")


def _write(classifier: Classifier, card: ModelCard, path: Path) -> None:
    example = torch.zeros(2, card.in_chans, *card.image_size)
    try:
        with warnings.catch_warnings():
            # Of torch before 2.14, about names of its own that it uses.
            warnings.simplefilter("ignore", FutureWarning)
            program: Any = torch.onnx.export(
                classifier,
                (example,),
                input_names=["images"],
                output_names=["probabilities"],
                dynamic_shapes={"images": {0: torch.export.Dim("batch")}},
                dynamo=True,
                verbose=False,
            )
    except torch.onnx.errors.OnnxExporterError as error:
        raise UserError(
            f"{card.model} cannot be written as ONNX by this version of torch: use it through "
            "torch, with the lines above"
        ) from error
    program.model.metadata_props["classes"] = json.dumps(card.classes)
    program.model.metadata_props["card"] = json.dumps(card.to_json())
    program.save(path, external_data=False)


def _difference(classifier: Classifier, card: ModelCard, path: Path) -> float:
    """Return the largest difference of a class probability between torch and onnxruntime."""
    # This package is installed only where networks are exported.
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    mean, std = (
        np.array(values)[:, None, None]
        for values in (card.normalisation.mean, card.normalisation.std)
    )
    differences = []
    for count in _BATCHES:
        noise = rng.standard_normal((count, card.in_chans, *card.image_size))
        images = (mean + std * noise).astype(np.float32)
        (probabilities,) = session.run(None, {"images": images})
        with torch.no_grad():
            differences.append(
                np.abs(probabilities - classifier(torch.from_numpy(images)).numpy()).max()
            )
    return float(max(differences))


def _three_lines(network: nn.Module, card: ModelCard, checkpoint: Path) -> str:
    """Return the lines that build the network with timm and load its weights.

    Building is tried before the lines are shown.
    """
    options: dict[str, Any] = {"in_chans": card.in_chans, "num_classes": len(card.classes)}
    if card.architecture is not None:
        options["architecture"] = card.architecture
    if not _loads(network, card, options):
        options["img_size"] = card.input_size
        assert _loads(network, card, options)  # as the card builds it
    module = timm.model_entrypoint(card.model).__module__
    own = "" if module.startswith("timm.") else f", {module.removesuffix('.models')}"
    arguments = "".join(f", {name}={value!r}" for name, value in options.items())
    return "\n".join(
        (
            f"import safetensors.torch, timm{own}",
            f'model = timm.create_model("{card.model}"{arguments})',
            f'model.load_state_dict(safetensors.torch.load_file("{checkpoint}"))',
        )
    )


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
