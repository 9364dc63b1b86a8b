"""Networks by their timm name, built for images of any size."""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import timm
import torch.nn.functional as F
from timm.models import PretrainedCfg
from torch import Tensor, nn

from lens_nas_plugins.packages import entries, load_plugin
from lens_nas_plugins.registry import Registry
from nas.common.errors import UserError
from nas.common.rules import Pixels
from search_spaces import SpaceError
from search_spaces.timm_entries import built_by, hide_lost, hide_timm, module_of, show_timm

# Most networks halve the map five times. Where attention has a fixed grid, the image size must be a
# multiple of this number.
_STRIDE = 32

MISFITS = (RuntimeError, ValueError, AssertionError)
"""What networks raise that cannot take images of a size."""

_LIST = "timm.list_models() lists them"


def _show(name: str, build: Callable[..., nn.Module]) -> None:
    def network(in_chans: int = 1, num_classes: int = 3, **options: Any) -> nn.Module:
        own = partial(NETWORKS.added[name], in_chans=in_chans, num_classes=num_classes)
        return built_by(own, name, UserError, *MISFITS, options=options)

    try:
        show_timm(name, network, module_of(build))
    except SpaceError as error:
        raise UserError(str(error).rstrip(".")) from error


NETWORKS = Registry[Callable[..., nn.Module]](
    "networks", mistake=UserError, on_add=_show, on_remove=hide_timm
)
"""The networks that programs and packages register with a builder, which timm knows too."""


def register_network(name: str, build: Callable[..., nn.Module]) -> None:
    """Register a network of one's own, which the leaderboard and timm then know.

    A package names the module that does so, or that registers models with timm, in an entry point
    of the group ``lens_nas.networks``.

    Args:
        name: Name of the network.
        build: Returns the network with new weights, given ``in_chans`` and ``num_classes``: a
            module that takes images (B, in_chans, H, W) and returns logits (B, num_classes).

    Raises:
        UserError: There is a network of this name, among timm's or baselines, or it is no function.

    Example:
        >>> import timm
        >>> from torch import nn
        >>> from nas.training.networks.timm_models import register_network
        >>> def build(in_chans, num_classes):
        ...     return nn.Sequential(nn.Flatten(), nn.LazyLinear(num_classes))
        >>> register_network("one_layer", build)
        >>> timm.create_model("one_layer", num_classes=5)[1].out_features
        5
    """
    NETWORKS.add(name, build)


def require_network(name: str) -> None:
    """Check that timm knows a network, after all packages that register networks were asked.

    Raises:
        UserError: timm does not know it; the message lists the nearest names that it knows.
    """
    if not timm.is_model(name):
        # A module may register several networks, so its entry point may have a name of its own.
        for entry in entries("networks", ours=True):
            try:
                load_plugin("networks", entry, UserError)
            except UserError:
                hide_lost()
                raise
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
