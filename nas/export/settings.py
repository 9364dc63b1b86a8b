"""The settings of ``python -m nas.export``."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.files import require_writable
from nas.common.settings import take_strings
from nas.training.networks.start import require_checkpoint

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
"""Packages that writing ONNX needs beyond the toolkit's own dependencies."""


@dataclass(frozen=True, kw_only=True)
class ExportSettings:
    """Write a trained network as ONNX, compare it with torch, and print how to load it with timm.

    The graph takes images as the files hold them, float32 of shape (N, C, H, W) with any N, and
    gives class probabilities (N, K): normalisation and softmax are inside. Class names are in its
    metadata.

    Example:
        >>> from pathlib import Path
        >>> from nas.export.settings import ExportSettings
        >>> settings = ExportSettings(checkpoint=Path("model.safetensors"), onnx=Path("lens.onnx"))
        >>> print(settings.onnx)
        lens.onnx
    """

    checkpoint: Path
    """The model.safetensors of a trained network."""
    onnx: Path
    """File to write."""
    average_symmetries: bool = False
    """Average the class probabilities over the eight symmetries of the image, for eight passes. A
    symmetric network gains nothing."""

    def __post_init__(self) -> None:
        take_strings(self)


def check(settings: ExportSettings) -> None:
    """Check that packages and checkpoint are there, and that the file can be written.

    Raises:
        UserError: a package or the checkpoint is missing, or the file cannot be written.
    """
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise UserError(
            f"ONNX needs {', '.join(missing)}: install them with pip install 'lens-nas[export]'"
        )
    require_checkpoint(settings.checkpoint)
    require_writable(settings.onnx, "--onnx", settings.checkpoint)
