"""What a training starts from: the settings that every command that trains known networks
shares.
"""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """What a training starts from: the settings that every command that trains known networks
    shares.
    """

    pretrained: bool = False
    """Start from timm's own weights, which learned from photographs, instead of random ones."""
    weights: Path | None = None
    """Or from those in a local safetensors file, for machines that cannot reach timm's."""

    def __post_init__(self) -> None:
        if self.pretrained and self.weights is not None:
            raise UserError(
                "--pretrained and --weights are two different beginnings: give one of them"
            )
