"""A trained network as a directory in the layout of timm's models on a hub.

config.json         what timm builds
model.safetensors   the checkpoint as it was: timm reads the weights, this toolkit all of it
README.md           the model card
"""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import timm
import torch
from timm.models import save_for_hf

from nas.common.artefacts import short
from nas.common.errors import UserError
from nas.common.files import make_directory, room_for, write_text
from nas.export.model_card import model_card
from nas.training.networks.classifier import Classifier

_INSTEAD = "use it through torch, with the lines that --onnx prints"


def write_folder(classifier: Classifier, checkpoint: Path, folder: Path) -> None:
    """Write the directory, whole or not at all, when timm has loaded the same network from it.

    Args:
        classifier: classifier to write.
        checkpoint: the ``model.safetensors`` that it was loaded from.
        folder: directory to make, which may exist if it is empty.

    Raises:
        UserError: the directory cannot be written, or timm does not load the network from it.
    """
    make_directory(folder.parent, "--timm")
    with (
        room_for(folder, "give the same command again"),
        tempfile.TemporaryDirectory(dir=folder.parent, prefix=".timm-") as name,
    ):
        place = Path(name, "folder")
        _write(classifier, checkpoint, place, folder.absolute().name)
        _require_equal(classifier, place)
        place.rename(folder)


def _write(classifier: Classifier, checkpoint: Path, place: Path, title: str) -> None:
    card = classifier.card
    # The network takes images that are normalised already, in a way that timm has no words for.
    images = {
        "input_size": (card.in_chans, *card.input_size),
        "mean": (0.0,) * card.in_chans,
        "std": (1.0,) * card.in_chans,
        "crop_pct": 1.0,
        "interpolation": "bilinear",
    }
    about: dict[str, Any] = {
        "label_names": list(card.classes),
        "lens_nas": card.to_json(),
        # Of the weights, which are nobody's but the user's; a network of one's own may be another
        # with something changed, and must be built by its own name.
        "pretrained_cfg": {"architecture": card.model, "tag": "lens_nas", "license": None},
    }
    try:
        save_for_hf(
            classifier.network, str(place), about, safe_serialization=True, data_config=images
        )
    except AttributeError as error:
        raise UserError(
            f"{card.model} lacks what models of timm have ({short(error)}): {_INSTEAD}"
        ) from error
    shutil.copyfile(checkpoint, place / "model.safetensors")
    write_text(place / "README.md", model_card(classifier, checkpoint, title))


def _require_equal(classifier: Classifier, place: Path) -> None:
    """Check that timm loads the network that was written."""
    card = classifier.card
    images = torch.randn(
        2, card.in_chans, *card.input_size, generator=torch.Generator().manual_seed(0)
    )
    try:
        model = timm.create_model(f"local-dir:{place}", pretrained=True).eval()
    except (AttributeError, RuntimeError, TypeError, ValueError) as error:
        raise UserError(
            f"timm does not load {card.model} from a directory ({short(error)}): {_INSTEAD}"
        ) from error
    with torch.no_grad():
        if not torch.equal(model(images), classifier.network(images)):
            raise UserError(
                f"timm loads something else from a directory of {card.model}: {_INSTEAD}"
            )
