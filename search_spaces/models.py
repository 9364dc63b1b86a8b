"""Networks of the spaces as timm models.

They are built by ``timm.create_model("hybrid_nano", architecture=…)`` or by :func:`build_network`.
"""

from typing import Any

from timm.models import build_model_with_cfg, generate_default_cfgs, register_model
from torch import nn

from search_spaces.architecture import Architecture
from search_spaces.network import HybridNet
from search_spaces.own import SPACES
from search_spaces.registry import get_space
from search_spaces.space import SearchSpace

_CFG: dict[str, Any] = {
    "url": "",
    "num_classes": 3,
    "input_size": (1, 64, 64),
    "pool_size": (2, 2),
    "crop_pct": 1.0,
    "interpolation": "bilinear",
    "mean": (0.0,),
    "std": (1.0,),
    "first_conv": "stem.conv",
    "classifier": "head.fc",
    "license": "mit",
}

_SPACES = ("lens_nano", "lens_small", "hybrid_nano", "hybrid_small", "lens_bench")
default_cfgs = generate_default_cfgs({f"{space}.untrained": _CFG for space in _SPACES})


def build_network(
    space: str | SearchSpace,
    architecture: Architecture | str | None = None,
    in_chans: int = 1,
    num_classes: int = 3,
    **options: Any,
) -> nn.Module:
    """Build the standalone network of an architecture, with new weights.

    It is a :class:`~search_spaces.network.HybridNet`, or in a registered space what its builder
    returns.

    Args:
        space: Search space, or its name.
        architecture: Architecture of the space, its string, or the name of one of the space's named
            architectures; None for the first of these.
        in_chans: Channels of the images.
        num_classes: Classes to tell apart; 1 gives one number, 0 leaves the classifier out.
        options: Further arguments of :class:`~search_spaces.network.HybridNet` and of timm's model
            builder, or of the space's own.

    Raises:
        SpaceError: the architecture is not of the space, the space has no networks, or an argument
            is out of range.

    Example:
        >>> import torch
        >>> network = build_network("hybrid_nano", "pure_mbconv", in_chans=1, num_classes=3)
        >>> network(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 3])
    """
    space = get_space(space) if isinstance(space, str) else space
    architecture = _chosen(space, architecture)
    if (own := SPACES.added.get(space.name)) is not None:
        return own.network(architecture, in_chans, num_classes, **options)
    return hybrid_network(space, architecture, in_chans, num_classes, **options)


def hybrid_network(
    space: SearchSpace,
    architecture: Architecture,
    in_chans: int = 1,
    num_classes: int = 3,
    **options: Any,
) -> HybridNet:
    """Build the network of a hybrid space, as :func:`build_network` does.

    Raises:
        SpaceError: the space has no networks, or an argument is out of range.
    """
    network: HybridNet = build_model_with_cfg(
        HybridNet,
        space.name,
        pretrained=options.pop("pretrained", False),
        pretrained_cfg=options.pop("pretrained_cfg", None) or _CFG,
        feature_cfg={"flatten_sequential": True},
        architecture=architecture,
        in_chans=in_chans,
        num_classes=num_classes,
        **options,
    )
    return network


def _chosen(space: SearchSpace, architecture: Architecture | str | None) -> Architecture:
    """Return the architecture that is meant, which is one of the space."""
    if architecture is None:
        architecture = next(iter(space.named.values()), space.smallest)
    elif isinstance(architecture, str):
        architecture = space.parse(architecture)
    space.validate(architecture)
    return architecture


def _preset(name: str, architecture: Architecture | str | None, **options: Any) -> HybridNet:
    space = get_space(name)
    return hybrid_network(space, _chosen(space, architecture), **options)


@register_model
def lens_nano(
    pretrained: bool = False, architecture: Architecture | str | None = None, **options: Any
) -> HybridNet:
    """Build a network of the space ``lens_nano``, as :func:`build_network` does."""
    return _preset("lens_nano", architecture, pretrained=pretrained, **options)


@register_model
def lens_small(
    pretrained: bool = False, architecture: Architecture | str | None = None, **options: Any
) -> HybridNet:
    """Build a network of the space ``lens_small``, as :func:`build_network` does."""
    return _preset("lens_small", architecture, pretrained=pretrained, **options)


@register_model
def hybrid_nano(
    pretrained: bool = False, architecture: Architecture | str | None = None, **options: Any
) -> HybridNet:
    """Build a network of the space ``hybrid_nano``, as :func:`build_network` does."""
    return _preset("hybrid_nano", architecture, pretrained=pretrained, **options)


@register_model
def hybrid_small(
    pretrained: bool = False, architecture: Architecture | str | None = None, **options: Any
) -> HybridNet:
    """Build a network of the space ``hybrid_small``, as :func:`build_network` does."""
    return _preset("hybrid_small", architecture, pretrained=pretrained, **options)


@register_model
def lens_bench(
    pretrained: bool = False, architecture: Architecture | str | None = None, **options: Any
) -> HybridNet:
    """Build a network of the space ``lens_bench``, as :func:`build_network` does."""
    return _preset("lens_bench", architecture, pretrained=pretrained, **options)
