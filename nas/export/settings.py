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
    """Write a trained network for other programs, and print how to load it with timm.

    The ONNX graph takes images as the files hold them, float32 of shape (N, C, H, W) with any N,
    and gives class probabilities (N, K): normalisation and softmax are inside. Class names are in
    its metadata. It is compared with torch before it is kept.

    Example:
        >>> from pathlib import Path
        >>> from nas.export.settings import ExportSettings
        >>> settings = ExportSettings(checkpoint=Path("model.safetensors"), onnx=Path("lens.onnx"))
        >>> print(settings.onnx)
        lens.onnx
    """

    checkpoint: Path
    """The model.safetensors of a trained network."""
    onnx: Path | None = None
    """File to write as ONNX."""
    timm: Path | None = None
    """New directory to write in the layout of timm's models on a hub: config.json,
    model.safetensors and a model card. timm.create_model loads it."""
    average_symmetries: bool = False
    """Average the class probabilities in the ONNX graph over the eight symmetries of the image, for
    eight passes. A symmetric network gains nothing."""

    def __post_init__(self) -> None:
        take_strings(self)


def check(settings: ExportSettings) -> None:
    """Check that packages and checkpoint are there, and that what was asked can be written.

    Raises:
        UserError: nothing is asked for, a package or the checkpoint is missing, or a file or
            directory cannot be written.
    """
    if settings.onnx is None and settings.timm is None:
        raise UserError("nothing is to be written: give --onnx FILE or --timm DIRECTORY")
    if settings.average_symmetries and settings.onnx is None:
        raise UserError("--average-symmetries is about the ONNX graph: give --onnx FILE, too")
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing and settings.onnx is not None:
        raise UserError(
            f"ONNX needs {', '.join(missing)}: install them with pip install 'lens-nas[export]'"
        )
    require_checkpoint(settings.checkpoint)
    if settings.onnx is not None:
        require_writable(settings.onnx, "--onnx", settings.checkpoint)
    if settings.timm is not None:
        _require_new(settings.timm)


def _require_new(directory: Path) -> None:
    """Check that a directory can be made without writing over anything, or is there and empty."""
    if directory.exists() and not (directory.is_dir() and not any(directory.iterdir())):
        raise UserError(f"{directory} is there already: give a new directory with --timm")
