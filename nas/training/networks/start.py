"""The settings of what a training starts from.

Every command that trains known networks shares them.
"""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """The weights that the training of a known network starts from; random ones by default."""

    pretrained: bool = False
    """Start from timm's own weights, which learned from photographs, instead of random ones."""
    weights: Path | None = None
    """Start from the weights in a local safetensors file, for machines that cannot reach timm's."""

    def __post_init__(self) -> None:
        if self.pretrained and self.weights is not None:
            raise UserError(
                "--pretrained and --weights are two different beginnings: give one of them"
            )


def require_checkpoint(path: Path) -> None:
    """Check that a checkpoint is there, before anything is loaded that could read it.

    Raises:
        UserError: there is nothing at the path.
    """
    if not path.exists():
        raise UserError(
            f"there is no checkpoint {path}: train a network with python -m nas.train first"
        )


def checkpoint_in(place: Path) -> Path:
    """Return the checkpoint of a training, which may be named by its directory."""
    return place / "model.safetensors" if place.is_dir() else place
