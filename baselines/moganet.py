"""MogaNet (Li et al., ICLR 2024, arXiv 2211.03295), written from the paper, as timm models.

A convolutional network of four stages. Its blocks mix pixels by depthwise convolutions of three
orders of context under a gate (section 4.2), and channels by an inverted bottleneck that weighs
each channel against their common part (4.3).

The authors' code has as many parameters as this in all three sizes (2,956,066 in the smallest, with
1,000 classes), so that the 2.97 million of their table are of another count. Their code departs
from their paper in the decomposition, whose activation is SiLU there and which has a shortcut of
its own; here it is what the paper says.
"""

from typing import Any

import torch
from timm.layers.classifier import ClassifierHead
from timm.layers.drop import DropPath, calculate_drop_path_rates
from timm.layers.layer_scale import LayerScale2d
from timm.models import build_model_with_cfg, checkpoint_seq, generate_default_cfgs, register_model
from torch import Tensor, nn

# The branches, and what the decompositions add, begin with this weight (section 4.2).
_INITIAL_SCALE = 1e-5

# Low, middle and high order of context share the channels like this (section 4.2).
_LOW, _MIDDLE, _HIGH = 1, 3, 4

# Inverted bottlenecks widen by this in each stage (appendix A).
_EXPANSIONS = (8, 8, 4, 4)


class MultiOrderContext(nn.Module):
    """Depthwise convolutions of three receptive fields, and a mix of what they see (eq. 6).

    Each receptive field works on its share of the channels; the mix is over all channels.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        part = width // (_LOW + _MIDDLE + _HIGH)
        self.parts = (width - (_MIDDLE + _HIGH) * part, _MIDDLE * part, _HIGH * part)
        self.low = nn.Conv2d(width, width, 5, padding=2, groups=width)
        self.middle = nn.Conv2d(
            self.parts[1], self.parts[1], 5, padding=4, dilation=2, groups=self.parts[1]
        )
        self.high = nn.Conv2d(
            self.parts[2], self.parts[2], 7, padding=9, dilation=3, groups=self.parts[2]
        )
        self.mix = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        low, middle, high = self.low(x).split(self.parts, dim=1)
        mixed: Tensor = self.mix(torch.cat((low, self.middle(middle), self.high(high)), dim=1))
        return mixed


class SpatialAggregation(nn.Module):
    """Feature decomposition and multi-order gated aggregation (eq. 4 to 7).

    The decomposition plays down what all pixels share.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(width, width, 1)
        self.scale = nn.Parameter(torch.full((width, 1, 1), _INITIAL_SCALE))
        self.gate = nn.Conv2d(width, width, 1)
        self.context = MultiOrderContext(width)
        self.project = nn.Conv2d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        x = self.expand(x)
        x = nn.functional.gelu(x + self.scale * (x - x.mean((2, 3), keepdim=True)))
        x = nn.functional.silu(self.gate(x)) * nn.functional.silu(self.context(x))
        projected: Tensor = self.project(x)
        return projected


class ChannelAggregation(nn.Module):
    """Inverted bottleneck that adds what sets a channel apart from all others (eq. 8 and 9).

    A depthwise convolution stands between its two linear layers.
    """

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        hidden = expansion * width
        self.expand = nn.Conv2d(width, hidden, 1)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.common = nn.Conv2d(hidden, 1, 1)
        self.scale = nn.Parameter(torch.full((hidden, 1, 1), _INITIAL_SCALE))
        self.project = nn.Conv2d(hidden, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        x = nn.functional.gelu(self.depthwise(self.expand(x)))
        x = x + self.scale * (x - nn.functional.gelu(self.common(x)))
        projected: Tensor = self.project(x)
        return projected


class MogaBlock(nn.Module):
    """Spatial, then channel aggregation, each as a residual branch after batch normalisation."""

    def __init__(self, width: int, expansion: int, drop_path: float) -> None:
        super().__init__()
        self.spatial = self._branch(width, SpatialAggregation(width), drop_path)
        self.channel = self._branch(width, ChannelAggregation(width, expansion), drop_path)

    @staticmethod
    def _branch(width: int, mixer: nn.Module, drop_path: float) -> nn.Sequential:
        return nn.Sequential(
            nn.BatchNorm2d(width), mixer, LayerScale2d(width, _INITIAL_SCALE), DropPath(drop_path)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same shape."""
        x = x + self.spatial(x)
        x = x + self.channel(x)
        return x


class MogaNet(nn.Module):
    """MogaNet for images of any size and number of channels.

    Args:
        widths: channels of the four stages, multiples of 8.
        depths: number of blocks of the four stages.
        in_chans: channels of the images.
        num_classes: number of classes to tell apart; 0 leaves the classifier out.
        global_pool: timm's name of the pooling; an empty name leaves the pooling out.
        drop_rate: dropout before the classifier.
        drop_path_rate: stochastic depth of the last block; the rate rises linearly from 0.
    """

    def __init__(
        self,
        widths: tuple[int, ...],
        depths: tuple[int, ...],
        in_chans: int = 3,
        num_classes: int = 1000,
        *,
        global_pool: str = "avg",
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
    ) -> None:
        super().__init__()
        self.in_chans = in_chans
        self.num_classes = num_classes
        self.num_features = self.head_hidden_size = widths[-1]
        self.grad_checkpointing = False
        rates: Any = calculate_drop_path_rates(drop_path_rate, list(depths), stagewise=True)
        self.stages = nn.Sequential()
        self.feature_info: list[dict[str, Any]] = []
        before = in_chans
        for i, (width, expansion) in enumerate(zip(widths, _EXPANSIONS, strict=True)):
            blocks = [MogaBlock(width, expansion, rate) for rate in rates[i]]
            embedding = _embedding(before, width, first=i == 0)
            self.stages.append(nn.Sequential(embedding, *blocks, nn.BatchNorm2d(width)))
            self.feature_info.append(
                {"num_chs": width, "reduction": 4 * 2**i, "module": f"stages.{i}"}
            )
            before = width
        self.head: Any = ClassifierHead(
            widths[-1], num_classes, pool_type=global_pool, drop_rate=drop_rate
        )
        self.apply(_init_weights)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits (B, num_classes) of images (B, in_chans, H, W)."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the last stage's map of images (B, in_chans, H, W).

        Returns:
            A map of shape (B, num_features, ⌈H/32⌉, ⌈W/32⌉).
        """
        for stage in self.stages:
            x = checkpoint_seq(stage, x) if self.grad_checkpointing and self.training else stage(x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Return the logits of the last map, or the features before the classifier.

        Args:
            x: map of the last stage.
            pre_logits: whether to return the features (B, num_features) instead of the logits.
        """
        logits: Tensor = self.head(x, pre_logits=pre_logits)
        return logits

    def get_classifier(self) -> Any:
        """Return the layer that gives the logits."""
        return self.head.fc

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Start over with a new classifier.

        Args:
            num_classes: number of classes to tell apart; 0 leaves the classifier out.
            global_pool: timm's name of the pooling; None keeps the pooling as it is.
        """
        self.num_classes = num_classes
        self.head.reset(num_classes, global_pool)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Return how timm groups parameters by depth, for layer-wise learning rates.

        Args:
            coarse: whether to group by stage; otherwise the groups are blocks.
        """
        return {
            "stem": r"^stages\.0\.0",
            "blocks": r"^stages\.(\d+)" if coarse else [(r"^stages\.(\d+)\.(\d+)", None)],
        }

    def no_weight_decay(self) -> set[str]:
        """Return the names of all scales, which are spared weight decay.

        The biases and norms are spared by timm.
        """
        return {name for name, _ in self.named_parameters() if name.endswith((".scale", ".gamma"))}

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Compute activations inside stages again for the backward pass instead of keeping them."""
        self.grad_checkpointing = enable


def _embedding(before: int, width: int, first: bool) -> nn.Sequential:
    """Return the way into a stage, which halves the map; the first halves twice (appendix A)."""
    if not first:
        return nn.Sequential(
            nn.Conv2d(before, width, 3, stride=2, padding=1), nn.BatchNorm2d(width)
        )
    half = width // 2
    return nn.Sequential(
        nn.Conv2d(before, half, 3, stride=2, padding=1),
        nn.BatchNorm2d(half),
        nn.GELU(),
        nn.Conv2d(half, width, 3, stride=2, padding=1),
        nn.BatchNorm2d(width),
    )


def _init_weights(module: nn.Module) -> None:
    """Draw first weights of convolutions as in EfficientNet, and of linear layers as in ViT.

    Convolutions are normal, with the number of outputs that see an input.
    """
    if isinstance(module, nn.Conv2d):
        fan_out = (
            module.kernel_size[0] * module.kernel_size[1] * module.out_channels // module.groups
        )
        nn.init.normal_(module.weight, std=(2.0 / fan_out) ** 0.5)
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


_CFG: dict[str, Any] = {
    "url": "",
    "num_classes": 1000,
    "input_size": (3, 224, 224),
    "pool_size": (7, 7),
    "crop_pct": 0.9,
    "interpolation": "bicubic",
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "first_conv": "stages.0.0.0",
    "classifier": "head.fc",
    "license": "mit",
}

default_cfgs = generate_default_cfgs(
    {f"moganet_{size}.untrained": _CFG for size in ("xtiny", "tiny", "small")},
)


def _create(
    name: str, widths: tuple[int, ...], depths: tuple[int, ...], pretrained: bool, **options: Any
) -> MogaNet:
    model: MogaNet = build_model_with_cfg(
        MogaNet,
        name,
        pretrained,
        feature_cfg={"out_indices": (0, 1, 2, 3), "flatten_sequential": True},
        widths=widths,
        depths=depths,
        **options,
    )
    return model


@register_model
def moganet_xtiny(pretrained: bool = False, **options: Any) -> MogaNet:
    """MogaNet-XT: 2.97 M parameters, 0.80 G multiply-adds at 224 pixels."""
    return _create("moganet_xtiny", (32, 64, 96, 192), (3, 3, 10, 2), pretrained, **options)


@register_model
def moganet_tiny(pretrained: bool = False, **options: Any) -> MogaNet:
    """MogaNet-T: 5.20 M parameters, 1.10 G multiply-adds at 224 pixels."""
    return _create("moganet_tiny", (32, 64, 128, 256), (3, 3, 12, 2), pretrained, **options)


@register_model
def moganet_small(pretrained: bool = False, **options: Any) -> MogaNet:
    """MogaNet-S: 25.3 M parameters, 4.97 G multiply-adds at 224 pixels."""
    return _create("moganet_small", (64, 128, 320, 512), (2, 3, 12, 2), pretrained, **options)
