"""Norms, squeeze-excite and the head of symmetric networks, whose numbers are those of fields."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers.classifier import NormMlpClassifierHead
from timm.layers.norm import LayerNorm
from timm.layers.norm_act import BatchNormAct2d, GroupNormAct
from timm.models import register_notrace_module

# timm has no public name for the squeeze-excite of EfficientNet's blocks.
from timm.models._efficientnet_blocks import SqueezeExcite
from torch import Tensor, nn

from search_spaces.field_statistics import FieldStatistics
from search_spaces.symmetry import Symmetry, expand_scale
from search_spaces.tied_layers import Tied


@register_notrace_module
class TiedLayerNorm(Tied, LayerNorm):
    """A norm over all channels with one scale and one shift for each field.

    Args:
        norm: Norm whose place it takes.
        symmetry: Symmetry to tie the scales by.
    """

    def __init__(self, norm: LayerNorm, symmetry: Symmetry) -> None:
        super().__init__(norm.normalized_shape[0], eps=norm.eps, device="meta")
        self.order = symmetry.order
        _take_scales(self, norm, lambda scales: scales[: symmetry.fields(len(scales))])

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, C) to (…, C)."""
        weight, bias = (expand_scale(scale, self.order) for scale in (self.weight, self.bias))
        return F.layer_norm(x, self.normalized_shape, weight, bias, self.eps)

    def untied(self) -> nn.Module:
        """Return the ordinary norm with the same outputs."""
        norm = LayerNorm(self.normalized_shape[0], eps=self.eps, device="meta")
        _take_scales(norm, self, lambda scales: expand_scale(scales, self.order))
        return norm


@register_notrace_module
class TiedBatchNorm(Tied, nn.BatchNorm2d):
    """A batch norm with the statistics, scale and shift of each field.

    It comes to what BatchNorm makes of a map whose fields are its channels.

    Args:
        norm: Norm whose place it takes, with its activation.
        symmetry: Symmetry of the map.
    """

    def __init__(self, norm: BatchNormAct2d, symmetry: Symmetry) -> None:
        weight: Any = norm.weight
        fields = symmetry.fields(norm.num_features)
        super().__init__(fields, norm.eps, norm.momentum, device=weight.device)
        self.order, self.drop, self.act = symmetry.order, norm.drop, norm.act

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        x = x.contiguous(memory_format=torch.channels_last)
        if self.training:
            x, mean, variance = FieldStatistics.apply(
                x, self.weight, self.bias, self.order, self.eps
            )
            self._track(mean, variance, x.numel() // self.num_features)
        else:
            of_fields: Any = (self.running_mean, self.running_var, self.weight, self.bias)
            mean, variance, weight, bias = (expand_scale(one, self.order) for one in of_fields)
            x = F.batch_norm(x, mean, variance, weight, bias, eps=self.eps)
        output: Tensor = self.act(self.drop(x))
        return output

    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Record the statistics of a batch as BatchNorm does."""
        if self.running_mean is None or self.running_var is None:
            return
        assert self.num_batches_tracked is not None
        self.num_batches_tracked.add_(1)
        share = 1 / self.num_batches_tracked if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * count / (count - 1), share)

    def untied(self) -> nn.Module:
        """Return the ordinary norm with the same outputs."""
        norm: Any = BatchNormAct2d(self.num_features * self.order, eps=self.eps, device="meta")
        norm.momentum, norm.drop, norm.act = self.momentum, self.drop, self.act
        _take_scales(norm, self, lambda scales: expand_scale(scales, self.order))
        for key, values in self.named_buffers(recurse=False):
            setattr(norm, key, expand_scale(values, self.order) if values.ndim else values.clone())
        return norm  # type: ignore[no-any-return]


@register_notrace_module
class TiedGroupNorm(Tied, GroupNormAct):
    """A norm over the whole map of an image, with one scale and one shift for each field.

    Groups of single fields would make all their means alike, and these are what the head sees.

    Args:
        norm: Norm whose place it takes, with its activation.
        symmetry: Symmetry of the map.
    """

    def __init__(self, norm: GroupNormAct, symmetry: Symmetry) -> None:
        super().__init__(norm.num_channels, num_groups=1, eps=norm.eps, device="meta")
        self.order, self.drop, self.act = symmetry.order, norm.drop, norm.act
        _take_scales(self, norm, lambda scales: scales[: symmetry.fields(len(scales))])

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        weight, bias = (expand_scale(scale, self.order) for scale in (self.weight, self.bias))
        output: Tensor = self.act(self.drop(F.group_norm(x, 1, weight, bias, self.eps)))
        return output

    def untied(self) -> nn.Module:
        """Return the ordinary norm with the same outputs."""
        norm = GroupNormAct(self.num_channels, num_groups=1, eps=self.eps, device="meta")
        norm.drop, norm.act = self.drop, self.act
        _take_scales(norm, self, lambda scales: expand_scale(scales, self.order))
        return norm


@register_notrace_module
class FieldGates(Tied, SqueezeExcite):
    """Squeeze-excite of fields: means over the map and the symmetries, and a gate for each field.

    Args:
        squeeze: Layer whose place it takes.
        symmetry: Symmetry of the map.
    """

    def __init__(self, squeeze: SqueezeExcite, symmetry: Symmetry) -> None:
        nn.Module.__init__(self)  # Everything is taken from the other layer.
        self.order = symmetry.order

        def narrow(weight: Tensor, dim: int) -> Tensor:
            return weight.narrow(dim, 0, symmetry.fields(weight.shape[dim]))

        _take_gates(self, squeeze, narrow)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H, W)."""
        # A field is one channel of a wider map: the same memory in the channels-last format.
        x = x.permute(0, 2, 3, 1)
        fields = x.reshape(*x.shape[:2], x.shape[2] * self.order, -1)
        gated: Any = super().forward(fields.permute(0, 3, 1, 2))  # type: ignore[no-untyped-call]
        output: Tensor = gated.permute(0, 2, 3, 1).reshape(x.shape).permute(0, 3, 1, 2)
        return output

    def untied(self) -> nn.Module:
        """Return the ordinary layer with the same outputs."""

        def widen(weight: Tensor, dim: int) -> Tensor:
            # The mean of a field is that of the means of its channels.
            share = self.order if dim else 1
            return torch.cat([weight / share] * self.order, dim)

        squeeze: Any = SqueezeExcite(self.order, rd_channels=1, device="meta")
        _take_gates(squeeze, self, widen)
        return squeeze  # type: ignore[no-any-return]


class FieldHead(NormMlpClassifierHead):
    """The head of a symmetric network: the mean of each field, then what every head does.

    Args:
        symmetry: Symmetry of the map.
        width: Channels of the map.
        args: Further arguments of timm's ``NormMlpClassifierHead``.
        options: Further options of it.
    """

    def __init__(self, symmetry: Symmetry, width: int, *args: Any, **options: Any) -> None:
        super().__init__(symmetry.fields(width), *args, **options)
        self.order = symmetry.order

    def forward(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Map (B, C, H, W) to logits, or to the features of the fields."""
        batch, channels, height, width = x.shape
        fields = x.reshape(batch, self.order, channels // self.order, height, width).mean(1)
        output: Tensor = super().forward(fields, pre_logits)
        return output


def _take_scales(norm: Any, source: nn.Module, change: Callable[[Tensor], Tensor]) -> None:
    """Give a norm the scales and shifts of another, changed."""
    for key, scales in source.named_parameters(recurse=False):
        setattr(norm, key, nn.Parameter(change(scales.detach()).clone()))


def _take_gates(layer: Any, squeeze: Any, change: Callable[[Tensor, int], Tensor]) -> None:
    """Give a layer the parts of squeeze-excite, changed along the channels of the map."""
    layer.act1, layer.gate = squeeze.act1, squeeze.gate
    for name, dim in (("conv_reduce", 1), ("conv_expand", 0)):
        conv = getattr(squeeze, name)
        weight = change(conv.weight.detach(), dim).clone()
        own = nn.Conv2d(weight.shape[1], weight.shape[0], 1, device="meta")
        own.weight = nn.Parameter(weight)
        bias = conv.bias.detach()
        own.bias = nn.Parameter((bias if dim else change(bias, 0)).clone())
        setattr(layer, name, own)
