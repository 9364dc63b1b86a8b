"""The statistics of fields in BatchNorm.

Kernels are slow for maps of so few channels as there are fields: this one does the sums over all
channels, and only then adds those of a field.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


class FieldStatistics(torch.autograd.Function):
    """Normalise by the statistics of a batch; returns them too, without gradients."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, order: int, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return the normalised map (B, order · fields, H, W), and mean and variance of fields."""
        means, variances = (one.view(order, -1) for one in _of_channels(x, weight))
        mean = means.mean(0)
        variance = (variances + (means - mean) ** 2).mean(0)
        of_fields = torch.stack((mean, variance, weight, bias)).repeat(1, order)
        ctx.save_for_backward(x, of_fields)
        ctx.order, ctx.eps = order, eps
        ctx.mark_non_differentiable(mean, variance)
        y = F.batch_norm(x, of_fields[0], of_fields[1], of_fields[2], of_fields[3], eps=eps)
        return y, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of the map, the scales and the shifts."""
        # For constant statistics, the kernel gives all sums that are needed. That the statistics
        # depend on the batch adds a multiple of each number and a constant to its gradient.
        x, of_fields = ctx.saved_tensors
        mean, variance, weight, _bias = of_fields
        _, dweight, dbias = torch.ops.aten.native_batch_norm_backward(
            dy, x, weight, mean, variance, None, None, False, ctx.eps, [False, True, True]
        )
        dweight, dbias = (one.view(ctx.order, -1).sum(0) for one in (dweight, dbias))
        count = x.numel() // len(dweight)
        mean, variance, weight, _bias = of_fields[:, : len(dweight)]
        inverse = torch.rsqrt(variance + ctx.eps)
        factor = weight * inverse
        slope = factor * inverse * dweight / -count
        constant = factor * dbias / -count - slope * mean
        terms = torch.stack((factor, slope, constant)).repeat(1, ctx.order).to(x.dtype)
        factor, slope, constant = terms[..., None, None]
        dx = torch.addcmul(constant, x, slope).addcmul_(dy, factor)
        return dx, dweight, dbias, None, None


def _of_channels(x: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the mean and the variance of each channel, as precisely as the weight is stored."""
    if x.is_meta or torch.compiler.is_compiling():
        # The kernel below cannot tell shapes alone, which a compiler asks for any batch size.
        variances, means = torch.var_mean(x.to(weight.dtype), (0, 2, 3), correction=0)
        return means, variances
    # The kernel counts as precisely as the running statistics that it is given.
    running = weight.new_zeros(2, x.shape[1])
    return torch.batch_norm_update_stats(x, running[0], running[1], 0.0)
