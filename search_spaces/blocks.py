"""The blocks of hybrid networks, put together from timm's layers.

Each block maps a tensor (B, C, H, W) to one of shape (B, C', H', W').
"""

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from timm.layers.attention import Attention
from timm.layers.classifier import NormMlpClassifierHead
from timm.layers.conv_bn_act import ConvNormAct
from timm.layers.drop import DropPath
from timm.layers.mlp import Mlp
from timm.layers.norm import LayerNorm, LayerNorm2d
from timm.layers.norm_act import BatchNormAct2d, GroupNormAct
from timm.models import register_notrace_module

# timm has no public name for the blocks of EfficientNet. The SqueezeExcite of timm.layers is a
# different one, which gives its weights other names.
from timm.models._efficientnet_blocks import EdgeResidual, InvertedResidual, SqueezeExcite
from torch import Tensor, nn

from search_spaces.errors import SpaceError
from search_spaces.halving import halve
from search_spaces.hybrid import STAGES, AttentionStage, Stage, Stem, blocks
from search_spaces.symmetry import SYMMETRIES
from search_spaces.tied_norms import FieldHead
from search_spaces.tying import tie

NORMS: dict[str, Any] = {
    "batch": BatchNormAct2d,
    "group": partial(GroupNormAct, group_size=8),
}
"""Normalisations of convolutions, by name.

Groups of 8 channels survive slicing, which a fixed number of groups would not.
"""


def norm_layer(norm: str) -> Any:
    """Return the timm layer of a normalisation in :data:`NORMS`.

    Raises:
        SpaceError: there is no normalisation of this name.
    """
    if norm not in NORMS:
        raise SpaceError(f"norm was given {norm!r}; allowed are {', '.join(NORMS)}.")
    return NORMS[norm]


def make_stem(in_chans: int, stem: Stem, norm: str) -> nn.Module:
    """Return the stem: a convolution of the images, normalised and activated."""
    module = ConvNormAct(
        in_chans,
        stem.width,
        stem.kernel,
        stride=stem.stride,
        norm_layer=norm_layer(norm),
        act_layer=nn.SiLU,
    )
    return _finished(module, stem.symmetry, of_images=True)


def make_stage(stage: Stage, norm: str, drop_path: float = 0.0) -> nn.Sequential:
    """Return the blocks of a stage, the first of which has the stage's stride."""
    return nn.Sequential(
        *(make_block(block, i == 0, norm, drop_path) for i, block in enumerate(blocks(stage)))
    )


def make_block(block: Stage, first: bool, norm: str, drop_path: float = 0.0) -> nn.Module:
    """Return a block; the first one of a stage has its stride and changes the width.

    Args:
        block: Description of the block, as a stage of one block.
        first: Whether the block is the first of its stage.
        norm: Normalisation of convolutions, a name in :data:`NORMS`.
        drop_path: Probability of leaving out a branch in training (Huang et al. 2016, arXiv
            1603.09382).
    """
    if isinstance(block, AttentionStage):
        return _finished(AttentionBlock(block, first, drop_path), block.symmetry)
    squeeze: Any = (
        partial(SqueezeExcite, rd_channels=squeeze_width(block.in_width, block.se))
        if block.se
        else None
    )
    kind: Any = EdgeResidual if block.fused else InvertedResidual
    module = kind(
        block.in_width,
        block.width,
        block.kernel,
        stride=block.stride,
        exp_ratio=block.expansion,
        act_layer=nn.SiLU,
        norm_layer=norm_layer(norm),
        se_layer=squeeze,
        drop_path_rate=drop_path,
    )
    return _finished(module, block.symmetry)


def make_head(
    width: int,
    num_classes: int,
    global_pool: str = "avg",
    drop_rate: float = 0.0,
    symmetry: str = "none",
) -> nn.Module:
    """Return the head: global pooling, layer norm and a linear classifier.

    In a symmetric network it sees the mean of each field.
    """
    head = NormMlpClassifierHead if symmetry == "none" else partial(FieldHead, SYMMETRIES[symmetry])
    return head(
        width, num_classes, pool_type=global_pool, drop_rate=drop_rate, norm_layer=LayerNorm2d
    )


def _finished(module: nn.Module, symmetry: str, of_images: bool = False) -> nn.Module:
    """Tie the layers of a symmetric block or stem, and let no activation work in place.

    SiLU in place saves no memory: its gradient needs what it was given, which autograd therefore
    copies first.
    """
    for layer in module.modules():
        if isinstance(layer, nn.SiLU):
            layer.inplace = False
    return module if symmetry == "none" else tie(module, SYMMETRIES[symmetry], of_images)


def stage_drop_path(rate: float, stage: int) -> float:
    """Return the stochastic-depth rate of a stage, from 0 in the first to ``rate`` in the last."""
    return rate * stage / (STAGES - 1)


def squeeze_width(in_width: int, se: float) -> int:
    """Return the channels in the squeeze of a block.

    They are a fraction of the channels of the block's input, as EfficientNet counts them.
    """
    return max(1, round(in_width * se))


@register_notrace_module
class AttentionBlock(nn.Module):
    """A pre-norm transformer block on a map, with attention over all of it or in windows.

    The first block of a stage starts with :class:`AttentionEntry`. Windows only bound attention:
    the layers of an entry, and the stages before and after, carry information across them.

    Args:
        block: Description of the block, as a stage of one block.
        first: Whether the block is the first of its stage.
        drop_path: Probability of leaving out each of the two branches in training.
    """

    def __init__(self, block: AttentionStage, first: bool, drop_path: float = 0.0) -> None:
        super().__init__()
        self.window = block.window
        self.symmetric = block.symmetry != "none"
        self.entry = AttentionEntry(block) if first else nn.Identity()
        self.norm1 = LayerNorm(block.width)
        self.attn = Attention(block.width, block.heads, attn_head_dim=block.head_dim, qkv_bias=True)
        self.norm2 = LayerNorm(block.width)
        self.mlp = Mlp(block.width, block.width * block.mlp)
        self.drop_path = DropPath(drop_path) if drop_path else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, width, H, W), or to the size that the stride leaves."""
        x = self.entry(x).permute(0, 2, 3, 1).contiguous()
        x = x + self.drop_path(self._attend(self.norm1(x)))
        x = x + self.drop_path(self.mlp(self.norm2(x)))
        return x.permute(0, 3, 1, 2)

    def _attend(self, x: Tensor) -> Tensor:
        """Attend within each window of ``x``, which is (B, H, W, C)."""
        batch, height, width, channels = x.shape
        rows, row = windows(height, self.window, self.symmetric)
        columns, column = windows(width, self.window, self.symmetric)
        # What fills up the last windows lies behind the map, and on all its sides where that has to
        # be symmetric.
        behind = (rows * row - height, columns * column - width)
        top, left = (side // 2 if self.symmetric else 0 for side in behind)
        padding = (left, behind[1] - left, top, behind[0] - top)
        mask = None
        if any(padding):
            x = F.pad(x, (0, 0, *padding))
            real = F.pad(x.new_ones((1, height, width, 1), dtype=torch.bool), (0, 0, *padding))
            mask = _partition(real, rows, row, columns, column).view(1, -1, 1, 1, row * column)
            mask = mask.expand(batch, -1, -1, -1, -1).flatten(0, 1)
        x = self.attn(_partition(x, rows, row, columns, column), mask)
        x = x.view(batch, rows, columns, row, column, channels).transpose(2, 3)
        x = x.reshape(batch, rows * row, columns * column, channels)
        return x[:, top : top + height, left : left + width]


class AttentionEntry(nn.Module):
    """Change the size and the width of the map, and add positions that hold at any size.

    Positions come from a depthwise convolution whose zero padding shows where the border is (Chu et
    al. 2021, arXiv 2102.10882: conditional position encodings).

    Args:
        block: Description of the first block of a stage.
    """

    def __init__(self, block: AttentionStage) -> None:
        super().__init__()
        self.stride, self.symmetric = block.stride, block.symmetry != "none"
        self.proj = nn.Conv2d(block.in_width, block.width, 1)
        self.position = nn.Conv2d(block.width, block.width, 3, padding=1, groups=block.width)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, in_width, H, W) to (B, width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        if self.stride == 2:
            x = halve(x) if self.symmetric else F.avg_pool2d(x, 2, ceil_mode=True)
        x = self.proj(x)
        position: Tensor = self.position(x)
        return x + position


def windows(side: int, window: int, symmetric: bool = False) -> tuple[int, int]:
    """Cut a side of the map into windows.

    They are as few and as even windows of at most ``window`` pixels as cover the side. A ``window``
    of 0 makes one window over the whole side.

    Args:
        side: Side of the map in pixels.
        window: Largest side of a window in pixels.
        symmetric: Whether the windows reach as far beyond one end of the side as beyond the other.

    Returns:
        The number of windows, and the side of each in pixels. Together the windows are at least as
        long as ``side``.
    """
    count = -(-side // window) if window else 1
    length = -(-side // count)
    while symmetric and (count * length - side) % 2:
        # A longer window helps where there is room for it; otherwise one window more does.
        count, length = (
            (count, length + 1) if length < window else (count + 1, -(-side // (count + 1)))
        )
    return count, length


def _partition(x: Tensor, rows: int, row: int, columns: int, column: int) -> Tensor:
    """Map (B, rows · row, columns · column, C) to (B · rows · columns, row · column, C)."""
    x = x.view(x.shape[0], rows, row, columns, column, x.shape[-1]).transpose(2, 3)
    return x.reshape(-1, row * column, x.shape[-1])
