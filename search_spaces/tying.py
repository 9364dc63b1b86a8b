"""Tied layers, and the two ways between ordinary layers and tied ones.

:func:`tie` exchanges the layers of a block that was built as every other, so blocks need not know
of symmetry; :func:`untie` gives an ordinary network with the same outputs. A tied layer has the
names and the shapes of the layer whose place it takes, but it holds only base weights: those of the
first fields of the base are the first channels of the weight, and so a part of a tied network is
sliced as a part of any other.
"""

import copy
from collections.abc import Callable
from typing import Any

from timm.layers.attention import Attention
from timm.layers.norm import LayerNorm
from timm.layers.norm_act import BatchNormAct2d, GroupNormAct

# timm has no public name for the squeeze-excite of EfficientNet's blocks.
from timm.models._efficientnet_blocks import SqueezeExcite
from torch import nn

from search_spaces.slicing import QKV
from search_spaces.symmetry import Symmetry
from search_spaces.tied_layers import Tied, TiedConv2d, TiedLinear
from search_spaces.tied_norms import FieldGates, TiedBatchNorm, TiedGroupNorm, TiedLayerNorm


def tie(module: nn.Module, symmetry: Symmetry, of_images: bool = False) -> nn.Module:
    """Exchange the layers of a block or a stem for tied ones.

    Args:
        module: Module of ordinary layers, which is changed.
        symmetry: Symmetry to tie the weights by.
        of_images: Whether the convolution of the module sees images instead of maps.

    Returns:
        The module.

    Raises:
        SpaceError: a width is no whole number of fields.
    """

    def tied_attention(attention: Attention) -> nn.Module:
        # A head has whole fields, so that turning the image leaves its products as they are.
        symmetry.fields(attention.head_dim)
        heads = attention.num_heads
        attention.qkv = TiedLinear(attention.qkv, symmetry, blocks=(QKV * heads, 1))
        attention.proj = TiedLinear(attention.proj, symmetry, blocks=(1, heads))
        return attention

    ties: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
        nn.Conv2d: lambda conv: TiedConv2d(conv, symmetry, of_images),
        Attention: tied_attention,
        nn.Linear: lambda linear: TiedLinear(linear, symmetry),
        LayerNorm: lambda norm: TiedLayerNorm(norm, symmetry),
        BatchNormAct2d: lambda norm: TiedBatchNorm(norm, symmetry),
        GroupNormAct: lambda norm: TiedGroupNorm(norm, symmetry),
        SqueezeExcite: lambda squeeze: FieldGates(squeeze, symmetry),
    }
    return _exchange(module, lambda layer: ties.get(type(layer)))


def untie(network: nn.Module) -> nn.Module:
    """Return a copy of a tied network that holds all its weights, as an ordinary network does.

    The copy gives the same outputs. In training its weights go their own ways.

    Args:
        network: Network of a symmetric architecture, or any other, which is copied as it is.

    Example:
        >>> import torch
        >>> from search_spaces import build_network
        >>> tied = build_network("lens_nano", "symmetric_mbconv").eval()
        >>> ordinary = untie(tied)
        >>> images = torch.rand(2, 1, 48, 48)
        >>> torch.allclose(tied(images), ordinary(images), atol=1e-5)
        True
        >>> sum(p.numel() for p in ordinary.parameters()) > 6 * sum(
        ...     p.numel() for p in tied.parameters()
        ... )
        True
    """

    def ordinary(layer: nn.Module) -> Callable[[Any], nn.Module] | None:
        return type(layer).untied if isinstance(layer, Tied) else None

    return _exchange(copy.deepcopy(network), ordinary)


def order(network: nn.Module) -> int:
    """Return the number of symmetries that tie a network's weights: 1 in an ordinary network."""
    return max((layer.order for layer in network.modules() if isinstance(layer, Tied)), default=1)


def _exchange(
    module: nn.Module, exchange: Callable[[nn.Module], Callable[[Any], nn.Module] | None]
) -> nn.Module:
    for name, child in module.named_children():
        make = exchange(child)
        if make is None:
            _exchange(child, exchange)
        else:
            setattr(module, name, make(child).train(child.training))
    return module
