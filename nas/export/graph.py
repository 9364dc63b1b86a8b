"""A classifier as an ONNX graph, from pixels to class probabilities."""

import json
import warnings
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import torch

from nas.common.errors import UserError
from nas.common.files import atomic_path, room_for
from nas.training.networks.classifier import Classifier

# A probability may differ by so much between torch and onnxruntime; float32 leaves about 1e-6.
_TOLERANCE = 1e-4

# Torch and onnxruntime are compared on batches of these sizes.
_BATCHES = (1, 5)


def write_graph(classifier: Classifier, path: Path) -> float:
    """Write ONNX; return the largest difference of a probability between torch and it.

    Args:
        classifier: classifier to write.
        path: file to write; its directory must exist.

    Raises:
        UserError: the network cannot be written, or computes something else as ONNX; no file is
            left then.
    """
    with room_for(path, "give the same command again"), atomic_path(path) as temporary:
        _write(classifier, temporary)
        difference = _difference(classifier, temporary)
        if not difference <= _TOLERANCE:
            raise UserError(
                f"{classifier.card.model} computes something else as ONNX (probabilities differ by "
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
    sky, softening, offset, scale = (
        np.array(values)[:, None, None] for values in astuple(card.normalisation)
    )
    differences = []
    for count in _BATCHES:
        noise = rng.standard_normal((count, card.in_chans, *card.image_size))
        # They look to the network like noise, and reach from the sky to what is bright.
        images = (sky + softening * np.sinh(offset + scale * noise)).astype(np.float32)
        (probabilities,) = session.run(None, {"images": images})
        with torch.no_grad():
            differences.append(
                np.abs(probabilities - classifier(torch.from_numpy(images)).numpy()).max()
            )
    return float(max(differences))
