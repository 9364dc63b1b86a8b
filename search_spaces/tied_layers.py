"""Convolutions and linear layers with tied weights."""

from typing import Any

import torch
import torch.nn.functional as F
from timm.models import register_notrace_module
from torch import Tensor, nn

from search_spaces.halving import convolve
from search_spaces.symmetry import (
    Symmetry,
    expand,
    expand_scale,
    kernel_places,
    map_places,
)


class Tied:
    """What stands in the place of an ordinary layer.

    Attributes:
        order: Number of symmetries, which is also the number of copies of a base weight.
    """

    order: int

    def untied(self) -> nn.Module:
        """Return the ordinary layer with the same outputs."""
        raise NotImplementedError


class _Expanded(Tied, nn.Module):
    """A layer whose weight and bias are expanded at every use.

    The places are no buffer: they follow from the side of the kernel, which may be smaller in a
    part of the supernet than in the layer whose weights the part takes.
    """

    weight: Any
    bias: Any

    def _tie(
        self,
        layer: nn.Conv2d | nn.Linear,
        symmetry: Symmetry,
        between: bool,
        blocks: tuple[int, int] = (1, 1),
    ) -> None:
        """Take the bases from the first fields of an ordinary layer."""
        weight = layer.weight.detach()[: symmetry.fields(len(layer.weight))]
        kernel = weight.shape[-1] if weight.ndim == 4 else 1
        if between:
            symmetry.fields(weight.shape[1])  # whole fields come in, too
        self.weight = nn.Parameter(weight.clone())
        if layer.bias is not None:
            self.bias = nn.Parameter(layer.bias.detach()[: len(weight)].clone())
        self.order, self.blocks = symmetry.order, blocks
        self.places = (map_places if between else kernel_places)(symmetry, kernel)

    def expanded(self) -> tuple[Tensor, Tensor | None]:
        """Return the weight and the bias that the bases stand for."""
        places = self.places.to(self.weight.device)
        if places is not self.places and places.is_cuda and not torch.compiler.is_compiling():
            # A copy at every step would make the GPU wait. It has to serve the training, too, where
            # the first use is an evaluation in inference mode.
            with torch.inference_mode(False):
                places = self.places = self.places.to(self.weight.device)
        bias = None if self.bias is None else expand_scale(self.bias, self.order, self.blocks[0])
        return expand(self.weight, places, self.order, self.blocks), bias

    def _give(self, layer: nn.Conv2d | nn.Linear) -> nn.Module:
        """Give an ordinary layer the expanded weight and bias."""
        weight, bias = self.expanded()
        layer.weight = nn.Parameter(weight.detach().reshape(layer.weight.shape).clone())
        layer.bias = None if bias is None else nn.Parameter(bias.detach().clone())
        return layer


@register_notrace_module
class SymmetricConv2d(nn.Conv2d):
    """A convolution whose places lie symmetrically on the map, whatever its stride."""

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ⌈H/stride⌉, ⌈W/stride⌉)."""
        return convolve(x, self.weight, self.bias, self.stride[0], self.groups)


@register_notrace_module
class TiedConv2d(_Expanded, nn.Conv2d):
    """A convolution with tied weights, whose places lie symmetrically on the map.

    Args:
        conv: Convolution whose place it takes.
        symmetry: Symmetry to tie the weights by.
        of_images: Whether it sees images instead of maps.
    """

    def __init__(self, conv: nn.Conv2d, symmetry: Symmetry, of_images: bool) -> None:
        super().__init__(**_options(conv))
        self._tie(conv, symmetry, between=conv.groups == 1 and not of_images)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ⌈H/stride⌉, ⌈W/stride⌉)."""
        weight, bias = self.expanded()
        return convolve(x, weight, bias, self.stride[0], self.groups)

    def untied(self) -> nn.Module:
        """Return the ordinary convolution with the same outputs."""
        kind = nn.Conv2d if self.stride == (1, 1) else SymmetricConv2d
        return self._give(kind(**_options(self)))


@register_notrace_module
class TiedLinear(_Expanded, nn.Linear):
    """A linear layer between maps with tied weights.

    Args:
        linear: Layer whose place it takes.
        symmetry: Symmetry to tie the weights by.
        blocks: Numbers of blocks of features, out and in, that are fields of their own.
    """

    def __init__(
        self, linear: nn.Linear, symmetry: Symmetry, blocks: tuple[int, int] = (1, 1)
    ) -> None:
        super().__init__(**_sizes(linear))
        self._tie(linear, symmetry, between=True, blocks=blocks)

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, C) to (…, C')."""
        return F.linear(x, *self.expanded())

    def untied(self) -> nn.Module:
        """Return the ordinary layer with the same outputs."""
        return self._give(nn.Linear(**_sizes(self)))


def _sizes(linear: nn.Linear) -> dict[str, Any]:
    """Return the options with which a linear layer without weights is made like another."""
    sizes = {"in_features": linear.in_features, "out_features": linear.out_features}
    return {**sizes, "bias": linear.bias is not None, "device": "meta"}


def _options(conv: nn.Conv2d) -> dict[str, Any]:
    """Return the options with which a convolution without weights is made like another."""
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "groups")
    options = {name: getattr(conv, name) for name in names}
    return {**options, "bias": conv.bias is not None, "device": "meta"}
