"""The weights that a training starts from: those that timm publishes, or a local file."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import hf_hub_download, try_to_load_from_cache
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.common.progress import say
from nas.training.networks.start import StartOptions
from nas.training.networks.timm_models import published, require_network

_FILE = "model.safetensors"


@dataclass(frozen=True)
class Weights:
    """The weights of a network, with timm's names.

    Attributes:
        source: where the weights are from, in words for people.
        digest: SHA-256 of the file, which stands for the weights in the spec of a training.
        tensors: tensors by name, for any number of channels, classes and pixels that timm can
            adapt.
    """

    source: str
    digest: str
    tensors: dict[str, Tensor]

    @staticmethod
    def read(path: Path, source: str) -> "Weights":
        """Read weights from a safetensors file.

        Args:
            path: path of the file.
            source: where the weights are from, in words for people.

        Raises:
            UserError: there is no such file, or it is damaged or of another format.
        """
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            return Weights(source, digest, load_file(path))
        except (OSError, SafetensorError) as error:
            raise UserError(
                f"{path} cannot be read as a safetensors file ({error}): give one with --weights"
            ) from error

    def options(self) -> dict[str, Any]:
        """Return the arguments that make ``timm.create_model`` load the weights.

        timm adapts them to the channels, the classes and the image size.
        """
        # The dictionary is copied, since timm takes some of the tensors out of it.
        return {"pretrained": True, "pretrained_cfg_overlay": {"state_dict": dict(self.tensors)}}


def read_weights(start: StartOptions, model: str) -> Weights | None:
    """Return the weights that a training starts from, or None for random ones.

    Args:
        start: which weights were asked for.
        model: timm's name of the network.

    Raises:
        UserError: timm has no weights of the network, they cannot be reached, or the file cannot be
            read.
    """
    if start.weights is not None:
        return Weights.read(start.weights, str(start.weights))
    return _from_hub(model) if start.pretrained else None


def _from_hub(model: str) -> Weights:
    require_network(model)
    hub = published(model).hf_hub_id
    if not hub:
        raise UserError(
            f"timm has no weights of {model}: leave out --pretrained, or give a file with --weights"
        )
    found = try_to_load_from_cache(hub, _FILE)
    if not isinstance(found, str):
        say(f"asking huggingface.co for {hub}")
        try:
            # The hub's client warns of every attempt; one sentence of ours at the end is enough.
            with no_warnings("huggingface_hub"):
                found = hf_hub_download(hub, _FILE)
        except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
            raise UserError(
                f"the weights of {model} cannot be had from huggingface.co/{hub}, which this "
                f"machine cannot reach: download its {_FILE} elsewhere and give it with --weights"
            ) from error
    return Weights.read(Path(found), hub)


@contextmanager
def no_warnings(logger: str) -> Iterator[None]:
    """Keep a library's logger from warning for the length of a ``with`` block."""
    log = logging.getLogger(logger)
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        yield
    finally:
        log.setLevel(level)


def first_random(one: nn.Module, other: nn.Module) -> str | None:
    """Return the name of a weight outside the classifier that random numbers made, or None.

    Args:
        one: network that weights were loaded into.
        other: the same network from another seed. All that the file determined is equal in both.
    """
    classifier = one.default_cfg["classifier"]  # type: ignore[index]
    names = (classifier,) if isinstance(classifier, str) else tuple(classifier or ())
    there = dict(other.named_parameters())
    for name, weight in one.named_parameters():
        if not name.startswith(names) and not weight.equal(there[name]):
            return name
    return None
