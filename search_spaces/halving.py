"""Where a map is halved, symmetrically on the map."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, groups: int) -> Tensor:
    """Convolve a map with an odd kernel whose places lie symmetrically on the map.

    With a stride of 2, a side of even length has no symmetric places for an odd kernel. There the
    kernel is averaged over two neighbouring places, which is a convolution that is followed by
    pooling (Zhang 2019, arXiv 1904.11486) at the price of one convolution.

    Args:
        x: Map (B, C, H, W).
        weight: Weight of the convolution, (C', C / groups, K, K).
        bias: Bias (C',), or None.
        stride: 1 or 2.
        groups: Groups of channels that do not see each other.

    Returns:
        A map (B, C', ⌈H/stride⌉, ⌈W/stride⌉).
    """
    padding = weight.shape[-1] // 2
    if stride == 2:
        even = [1 - side % 2 for side in x.shape[2:]]
        if bias is None and all(even) and _is_trained_on_cpu(x, weight, groups):
            strided: Tensor = _StridedDepthwise.apply(x, weight)
            return strided
        weight = _averaged(weight, even)
    return F.conv2d(x, weight, bias, stride=stride, padding=padding, groups=groups)


def halve(x: Tensor) -> Tensor:
    """Average a map (B, C, H, W) to (B, C, ⌈H/2⌉, ⌈W/2⌉), over pixels that lie symmetrically."""
    odd = [side % 2 for side in x.shape[2:]]
    return F.avg_pool2d(
        x, [2 + side for side in odd], stride=2, padding=odd, count_include_pad=False
    )


def _averaged(kernel: Tensor, sides: Sequence[int]) -> Tensor:
    """Average a kernel over two neighbouring places along each of the sides that are 1."""
    return F.avg_pool2d(kernel, [1 + side for side in sides], stride=1, padding=list(sides))


def _is_trained_on_cpu(x: Tensor, weight: Tensor, groups: int) -> bool:
    """Return whether the gradient of a depthwise 3 × 3 kernel will be asked for on a CPU."""
    return (
        weight.shape[1:] == (1, 3, 3)
        and groups == len(weight)
        and x.device.type == "cpu"
        and torch.is_grad_enabled()
        and weight.requires_grad
        and not torch.is_autocast_enabled("cpu")
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    )


class _StridedDepthwise(torch.autograd.Function):
    """A depthwise convolution with a 3 × 3 kernel that is averaged over two places on each side.

    On a CPU the gradient of the averaged 4 × 4 kernel takes ten times as long as that of a 3 × 3
    kernel on all places. The latter comes to the same where each gradient of the output is spread
    over the four places of which the output is the mean.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C, H/2, W/2)."""
        ctx.save_for_backward(x, weight)
        return F.conv2d(x, _averaged(weight, (1, 1)), stride=2, padding=1, groups=len(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dy: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the gradients of the map and the kernel."""
        x, weight = ctx.saved_tensors
        dx = dweight = None
        if ctx.needs_input_grad[0]:
            dx = _gradient(dy, x, _averaged(weight, (1, 1)), 2, of=0)
        if ctx.needs_input_grad[1]:
            spread = F.interpolate(dy / 4, scale_factor=2)
            dweight = _gradient(spread, x, weight, 1, of=1)
        return dx, dweight


def _gradient(dy: Tensor, x: Tensor, weight: Tensor, stride: int, of: int) -> Tensor:
    """Return the gradient of the map (0) or of the kernel (1) of a depthwise convolution."""
    gradients: tuple[Tensor, ...] = torch.ops.aten.convolution_backward(
        dy,
        x,
        weight,
        None,
        [stride, stride],
        [1, 1],
        [1, 1],
        False,
        [0, 0],
        len(weight),
        [of == 0, of == 1, False],
    )
    return gradients[of]
