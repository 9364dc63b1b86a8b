"""The standalone network of an architecture: an ordinary module with the interface of a timm
model.
"""

import math
from typing import Any

from timm.layers._fx import register_notrace_function
from timm.models import checkpoint_seq
from timm.models._features import feature_take_indices
from torch import Tensor, nn

from search_spaces.architecture import Architecture
from search_spaces.blocks import make_head, make_stage, make_stem, stage_drop_path
from search_spaces.errors import SpaceError
from search_spaces.hybrid import check_image_size, describe


class HybridNet(nn.Module):
    """Stem, four stages, and a head of global pooling, normalisation and a linear classifier.

    Args:
        architecture: an architecture of a hybrid space.
        in_chans: channels of the images.
        num_classes: classes to tell apart; 0 leaves the classifier out.
        global_pool: timm's name of the pooling; empty leaves it out.
        norm: normalisation of the convolutions, ``batch`` or ``group``.
        drop_rate: dropout before the classifier.
        drop_path_rate: stochastic depth of the last stage; the first has none, and those between a
            part. It depends on the stage only, so a block has the same rate in every architecture.

    Raises:
        SpaceError: the architecture has no network, or an argument is out of range.
    """

    def __init__(
        self,
        architecture: Architecture,
        in_chans: int = 1,
        num_classes: int = 3,
        *,
        global_pool: str = "avg",
        norm: str = "batch",
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
    ) -> None:
        super().__init__()
        check_channels_and_classes(in_chans, num_classes)
        stem, stages = describe(architecture)
        self.architecture = architecture
        self.in_chans = in_chans
        self.num_classes = num_classes
        self.global_pool = global_pool
        self.drop_rate = drop_rate
        self.grad_checkpointing = False
        self.num_features = self.head_hidden_size = stages[-1].width

        self.stem = make_stem(in_chans, stem, norm)
        self.stages = nn.Sequential(
            *(
                make_stage(stage, norm, stage_drop_path(drop_path_rate, i))
                for i, stage in enumerate(stages)
            )
        )
        self.head: Any = make_head(self.num_features, num_classes, global_pool, drop_rate)
        self.feature_info: list[dict[str, Any]] = [
            {"num_chs": stem, "reduction": 2, "module": "stem"}
        ]
        for i, stage in enumerate(stages):
            self.feature_info.append(
                {"num_chs": stage.width, "reduction": 4 * 2**i, "module": f"stages.{i}"}
            )
        self.apply(init_weights)

    def forward(self, x: Tensor) -> Tensor:
        """Images (B, in_chans, H, W) to logits (B, num_classes).

        Raises:
            SpaceError: the images have other channels, or are too small for the strides.
        """
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Images (B, in_chans, H, W) to the last stage's map (B, num_features, ⌈H/32⌉, ⌈W/32⌉)."""
        check_images(x, self.in_chans)
        x = self.stem(x)
        for stage in self.stages:
            x = self._run(stage, x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """The last map to logits, or to the features (B, num_features) before the classifier."""
        logits: Tensor = self.head(x, pre_logits=pre_logits)
        return logits

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | list[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> Any:
        """The maps after the stem (index 0) and the stages (1 to 4), as timm's models give them.

        Args:
            x: images (B, in_chans, H, W).
            indices: which maps: the last so many, those listed, or all.
            norm: accepted for timm; there is no norm before the head.
            stop_early: leave out the stages after the last map that was asked for.
            output_fmt: only ``NCHW``.
            intermediates_only: return the maps without the final features.

        Returns:
            The maps, or the final features and the maps.
        """
        if output_fmt != "NCHW":
            raise SpaceError(f"output_fmt was given {output_fmt!r}; hybrid networks give NCHW.")
        check_images(x, self.in_chans)
        wanted, last = feature_take_indices(len(self.stages) + 1, indices)
        intermediates = []
        for index, module in enumerate((self.stem, *self.stages)):
            if stop_early and index > last:
                break
            x = self._run(module, x) if index else module(x)
            if index in wanted:
                intermediates.append(x)
        return intermediates if intermediates_only else (x, intermediates)

    def prune_intermediate_layers(
        self, indices: int | list[int] = 1, prune_norm: bool = False, prune_head: bool = True
    ) -> Any:
        """Leave out the stages after the last map that is asked for, and with them the head.

        Returns:
            The indices that are kept.
        """
        wanted, last = feature_take_indices(len(self.stages) + 1, indices)
        pruned = last < len(self.stages)
        self.stages = self.stages[:last]
        if pruned:
            self.num_features = self.head_hidden_size = self.feature_info[last]["num_chs"]
        if pruned or prune_head:
            self.reset_classifier(0, "", reset_other=True)
        return wanted

    def get_classifier(self) -> Any:
        """The layer that gives the logits."""
        return self.head.fc

    def reset_classifier(
        self, num_classes: int, global_pool: str | None = None, reset_other: bool = False
    ) -> None:
        """Start over with a new classifier.

        Args:
            num_classes: classes to tell apart; 0 leaves the classifier out.
            global_pool: timm's name of the pooling; empty leaves it out, ``None`` keeps it.
            reset_other: also leave out the norm before the classifier.
        """
        check_channels_and_classes(self.in_chans, num_classes)
        self.num_classes = num_classes
        if global_pool is not None:
            self.global_pool = global_pool
        if reset_other:
            self.head.norm = nn.Identity()
        self.head.in_features = self.head.num_features = (
            self.num_features
        )  # fewer where stages were pruned
        self.head.reset(num_classes, global_pool)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """How timm groups parameters by depth, for layer-wise learning rates: by stage, or by
        block.
        """
        return {
            "stem": r"^stem",
            "blocks": r"^stages\.(\d+)" if coarse else [(r"^stages\.(\d+)\.(\d+)", None)],
        }

    def no_weight_decay(self) -> set[str]:
        """Names of parameters to be spared weight decay, beside the biases and norms that timm
        spares anyway.
        """
        return set()

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Keep no activations inside stages for the backward pass, and compute them again
        instead.
        """
        self.grad_checkpointing = enable

    def _run(self, stage: nn.Module, x: Tensor) -> Any:
        return checkpoint_seq(stage, x) if self.grad_checkpointing else stage(x)


def init_weights(module: nn.Module) -> None:
    """Convolutions as in EfficientNet (normal, by the outputs that see an input), linear layers as
    in ViT.
    """
    if isinstance(module, nn.Conv2d):
        fan_out = math.prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=math.sqrt(2.0 / fan_out))
    elif isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    if isinstance(module, nn.Conv2d | nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


def check_images(images: Tensor, in_chans: int) -> None:
    """Check that a network with these input channels can take the images (B, C, H, W).

    Raises:
        SpaceError: it cannot.
    """
    if images.ndim != 4 or images.shape[1] != in_chans:
        shape = " × ".join(map(str, images.shape))
        raise SpaceError(
            f"images of shape {shape} were given to a network for batches with {in_chans} "
            "channel(s)."
        )
    check_image_size(*images.shape[2:])


# torch.fx cannot follow a comparison of sizes.
register_notrace_function(check_images)  # type: ignore[no-untyped-call]


def check_channels_and_classes(in_chans: int, num_classes: int) -> None:
    """Check that a network can have so many input channels and classes.

    Raises:
        SpaceError: it cannot.
    """
    if in_chans < 1:
        raise SpaceError(f"in_chans was given {in_chans}; a network needs 1 or more.")
    if num_classes < 0 or num_classes == 1:
        raise SpaceError(
            f"num_classes was given {num_classes}; a network tells 2 or more apart, or has no "
            "classifier (0)."
        )
