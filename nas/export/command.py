"""The command ``python -m nas.export``: writing a trained network as ONNX."""

import json
import warnings
from dataclasses import dataclass
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
from nas.training.networks.classifier import Classifier

# A probability may differ by so much between torch and onnxruntime; float32 leaves about 1e-6.
_TOLERANCE = 1e-4

# Torch and onnxruntime are compared on batches of these sizes.
_BATCHES = (1, 5)


def run(settings: ExportSettings) -> None:
    """Print how to load the network with timm, then write it as ONNX and compare the two."""
    export = Export.of(settings)
    height, width = export.classifier.card.input_size
    say(
        f"the network alone, which takes images that are normalised and of {height} × {width} "
        "pixels, is loaded by"
    )
    screen().print(export.timm_lines, soft_wrap=True)
    say(f"writing {export.classifier.card.model} as ONNX")
    difference = export.write()
    say(f"{settings.onnx} gives the probabilities of torch (largest difference {difference:.1g})")


@dataclass(frozen=True)
class Export:
    """A trained network on its way to other programs.

    Attributes:
        classifier: the classifier, from pixels to class probabilities.
        onnx: file of the classifier as ONNX.
        timm_lines: lines of Python that build the network alone with timm and load its weights.
    """

    classifier: Classifier
    onnx: Path
    timm_lines: str

    @staticmethod
    def of(settings: ExportSettings) -> "Export":
        """Load the network; nothing is written yet.

        Raises:
            UserError: there is no such checkpoint, or it holds no network that can be built.
        """
        classifier = Classifier.load(settings.checkpoint, settings.average_symmetries)
        return Export(classifier, settings.onnx, _three_lines(classifier, settings.checkpoint))

    def write(self) -> float:
        """Write ONNX; return the largest difference of a probability between torch and it.

        Raises:
            UserError: the network cannot be written, or computes something else as ONNX; no file is
                left then.
        """
        model = self.classifier.card.model
        with room_for(self.onnx, "give the same command again"), atomic_path(self.onnx) as path:
            _write(self.classifier, path)
            difference = _difference(self.classifier, path)
            if not difference <= _TOLERANCE:
                raise UserError(
                    f"{model} computes something else as ONNX (probabilities differ by "
                    f"{difference:.1g}): use it through torch, with the lines above"
                )
        return difference


def _write(classifier: Classifier, path: Path) -> None:
    card = classifier.card
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


def _difference(classifier: Classifier, path: Path) -> float:
    """Return the largest difference of a class probability between torch and onnxruntime."""
    card = classifier.card
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


def _three_lines(classifier: Classifier, checkpoint: Path) -> str:
    """Return the lines that build the network with timm and load its weights.

    Building is tried before the lines are shown.
    """
    network, card = classifier.network, classifier.card
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
