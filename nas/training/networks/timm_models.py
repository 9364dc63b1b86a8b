"""Networks by their timm name, built for images of any size."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

import timm
import torch.nn.functional as F
from timm.models import PretrainedCfg
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.common.rules import Pixels

# Entry point under which packages name the modules that register networks of theirs with timm.
_REGISTERED = "lens_nas.networks"

# Most networks halve the map five times. Where attention has a fixed grid, the image size must be a
# multiple of this number.
_STRIDE = 32

_LIST = "timm.list_models() lists them"


def require_network(name: str) -> None:
    """Check that timm knows a network, after all packages that register networks were asked.

    Raises:
        UserError: timm does not know it; the message lists the nearest names that it knows.
    """
    if not timm.is_model(name):
        for entry in entry_points(group=_REGISTERED):
            entry.load()
    if not timm.is_model(name):
        near = difflib.get_close_matches(name, timm.list_models(), n=3)
        raise UserError(
            f"timm has no model {name}: " + (f"did you mean {', '.join(near)}?" if near else _LIST)
        )


def published(name: str) -> Any:
    """Return what timm knows of a network: its ``input_size``, the ``hf_hub_id`` of its weights."""
    return timm.get_pretrained_cfg(name) or PretrainedCfg()


def create(name: str, image_size: Pixels, **options: Any) -> nn.Module:
    """Build a network with timm.

    A network whose weights depend on the image size is built for the given one.

    Args:
        name: timm's name of the network.
        image_size: height and width of an image in pixels.
        options: further arguments of ``timm.create_model``.

    Raises:
        UserError: ``drop_path_rate`` was given and the network has no residual branches.
    """
    try:
        try:
            return timm.create_model(name, img_size=image_size, **options)
        except TypeError as error:
            if "'img_size'" not in str(error):
                raise
            return timm.create_model(name, **options)
    except TypeError as error:
        if "'drop_path_rate'" not in str(error):
            raise
        raise UserError(
            f"{name} has no residual branches to skip: leave out --drop-path"
        ) from error


def sizes_to_try(name: str, image_size: Pixels) -> Iterator[Pixels | None]:
    """Yield the sizes that images may be resized to for a network, the nearest first.

    The first is None, which leaves the images as they are. Then come the next multiples of 32, half
    of the size that the network was published for (for networks with patches of several sizes), and
    that size itself, which is the only one that may be smaller than the images.
    """
    yield None
    own: Pixels = published(name).input_size[1:]
    above = (-(-image_size[0] // _STRIDE) * _STRIDE, -(-image_size[1] // _STRIDE) * _STRIDE)
    half = (own[0] // 2, own[1] // 2)
    for size in (above, half):
        if size != image_size and size[0] >= image_size[0] and size[1] >= image_size[1]:
            yield size
    yield own


@dataclass(frozen=True)
class Resize:
    """A hook that resizes the images (B, C, H, W) that a module is called with, bilinearly.

    It is a forward pre-hook, so that the module keeps its interface and the names of its weights.

    Attributes:
        size: height and width in pixels that the images are resized to.
    """

    size: Pixels

    def __call__(self, module: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        """Return the inputs of ``forward``, with the images resized."""
        return (F.interpolate(inputs[0], self.size, mode="bilinear", align_corners=False),)
