"""Checkpoints: tensors and what is known about them, in one safetensors file.

A checkpoint is written whole or not at all, and nothing is pickled.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from nas.common.artefacts import checked, parse_json, reading, short
from nas.common.errors import UserError
from nas.common.files import atomic_path
from nas.common.provenance import version_of

# Number of the format. It rises when old readers cannot read new files, or new readers old files.
_FORMAT = 1
_KEY = "lens-nas"
_CHECK = "lens-nas-check"

CheckpointKind = Literal["model", "state"]


@dataclass(frozen=True)
class _Header:
    """What a checkpoint says of itself."""

    kind: CheckpointKind
    about: dict[str, Any]
    digest: str


@dataclass(frozen=True)
class Checkpoint:
    """The content of a checkpoint that was read.

    Attributes:
        about: JSON values that were stored beside the tensors.
        tensors: tensors by name, on the CPU.
    """

    about: dict[str, Any]
    tensors: dict[str, Tensor]


def save_checkpoint(
    path: Path,
    tensors: Mapping[str, Tensor],
    about: Mapping[str, Any],
    kind: CheckpointKind = "model",
) -> None:
    """Write tensors and JSON values to a file atomically.

    Args:
        path: path of the file; its directory must exist.
        tensors: tensors by name, of any device and memory layout; they may share memory.
        about: JSON values to store beside the tensors; all numbers must be finite.
        kind: ``model`` for the weights of a network, ``state`` for all that a training needs to go
            on.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from pathlib import Path
        >>> from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     save_checkpoint(path, {"weight": torch.ones(2)}, {"data": "0123abcd"})
        ...     load_checkpoint(path)
        Checkpoint(about={'data': '0123abcd'}, tensors={'weight': tensor([1., 1.])})
    """
    # The tensors are copied, since safetensors writes only what is contiguous and shares no memory.
    plain = {
        name: tensor.detach().cpu().clone(memory_format=torch.contiguous_format)
        for name, tensor in tensors.items()
    }
    header = {
        "format": _FORMAT,
        "kind": kind,
        "about": dict(about),
        "digest": _digest(plain),
        "versions": {name: version_of(name) for name in ("lens-nas", "torch", "timm")},
    }
    with atomic_path(path) as temporary:
        text = json.dumps(header, allow_nan=False)
        save_file(plain, temporary, metadata={_KEY: text, _CHECK: _check(text)})


def load_checkpoint(path: Path, kind: CheckpointKind = "model") -> Checkpoint:
    """Read a checkpoint that :func:`save_checkpoint` wrote.

    Args:
        path: path of the file.
        kind: kind that the checkpoint was written with.

    Raises:
        UserError: there is no such file, it is damaged, of another kind or version, or this toolkit
            did not write it.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from pathlib import Path
        >>> from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     save_checkpoint(path, {"weight": torch.ones(2)}, {"data": "0123abcd"})
        ...     checkpoint = load_checkpoint(path)
        >>> checkpoint.tensors["weight"], checkpoint.about["data"]
        (tensor([1., 1.]), '0123abcd')
    """
    if path.is_dir():
        raise UserError(f"{path} is a directory: give the {kind}.safetensors in it")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            names = file.keys()
            tensors = {name: file.get_tensor(name) for name in names}
    except FileNotFoundError as error:
        raise UserError(
            f"there is no checkpoint {path}: train a network with python -m nas.train first"
        ) from error
    except (SafetensorError, OSError) as error:
        raise UserError(
            f"{path} is no whole safetensors file ({error}): copy it again or train anew"
        ) from error
    if _KEY not in metadata:
        raise UserError(
            f"{path} was not written by this toolkit: give the model.safetensors of a training"
        )
    check = _check(metadata[_KEY])
    if metadata.get(_CHECK, check) != check:  # The oldest files have no such hash.
        raise UserError(f"what {path} says of itself is damaged: copy it again or train anew")
    with reading(f"what {path} says of itself", "copy it again or train anew"):
        values = checked(dict[str, Any], parse_json(metadata[_KEY]))
        if "format" in values and values["format"] != _FORMAT:
            raise UserError(
                f"{path} was written by another version of this toolkit (its format is "
                f"{short(values['format'])}, not {_FORMAT}): install that version, or train anew"
            )
        header = checked(_Header, values)
    if header.kind != kind:
        raise UserError(
            f"{path} is the {header.kind} of a training: give the {kind}.safetensors beside it"
        )
    if header.digest != _digest(tensors):
        raise UserError(f"the weights in {path} are damaged: copy it again or train anew")
    return Checkpoint(header.about, tensors)


def _check(header: str) -> str:
    """Return a hash of all but the tensors."""
    return hashlib.sha256(header.encode()).hexdigest()


def load_weights(model: nn.Module, checkpoint: Checkpoint, path: Path, name: str) -> None:
    """Give a network the weights of a checkpoint.

    Args:
        model: network that is changed in place.
        checkpoint: checkpoint with the weights.
        path: path of the checkpoint, for the error message.
        name: name of the network in the checkpoint, for the error message.

    Raises:
        UserError: the weights are those of another network.
    """
    require_weights(model, checkpoint, path, name)
    model.load_state_dict(checkpoint.tensors)


def require_weights(model: nn.Module, checkpoint: Checkpoint, path: Path, name: str) -> None:
    """Check that the weights of a checkpoint are those of a network.

    Args:
        model: network, which may be without memory for its weights.
        checkpoint: checkpoint with the weights.
        path: path of the checkpoint, for the error message.
        name: name of the network in the checkpoint, for the error message.

    Raises:
        UserError: the weights are those of another network.
    """
    if not same_shapes(model.state_dict(), checkpoint.tensors):
        raise UserError(
            f"the weights in {path} are not those of {name}, which it names: train it anew"
        )


def same_shapes(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    """Return whether tensors have the same names and shapes."""
    return {name: weight.shape for name, weight in one.items()} == {
        name: weight.shape for name, weight in other.items()
    }


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """Return a hash of the names, shapes, types and values of tensors."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
