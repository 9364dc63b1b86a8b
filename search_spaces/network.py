"""The standalone network of an architecture.

It is an ordinary module with the interface of a timm model.
"""

import math
from typing import Any

from timm.models import checkpoint_seq, register_notrace_function

# timm has no public name for the function by which all its models read ``indices``.
from timm.models._features import feature_take_indices
from torch import Tensor, nn

from search_spaces.architecture import Architecture
from search_spaces.blocks import make_head, make_stage, make_stem, stage_drop_path
from search_spaces.errors import SpaceError
from search_spaces.hybrid import check_image_size, describe
from search_spaces.symmetry import SYMMETRIES


class HybridNet(nn.Module):
    """A standalone network: a stem, four stages and a head.

    The head consists of global pooling, normalisation and a linear classifier.
    :func:`~search_spaces.build_network` builds the same network from the names of a space and an
    architecture.

    Args:
        architecture: Architecture of a hybrid space.
        in_chans: Channels of the images.
        num_classes: Classes to tell apart; 1 gives one number, 0 leaves the classifier out.
        global_pool: Name of the pooling in timm; an empty name leaves the pooling out.
        norm: Normalisation of the convolutions, ``batch`` or ``group``.
        drop_rate: Rate of dropout before the classifier.
        drop_path_rate: Rate of stochastic depth in the last stage. It falls in even steps to 0
            in the first stage. The rate depends on the stage only, so that a block has the same
            rate in every architecture.

    Raises:
        SpaceError: the architecture has no network, or an argument is out of range.

    Example:
        >>> import torch
        >>> from search_spaces import get_space
        >>> architecture = get_space("hybrid_nano").named["coatnet_like"]
        >>> network = HybridNet(architecture, in_chans=1, num_classes=3)
        >>> network(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 3])
        >>> network.forward_features(torch.zeros(2, 1, 64, 64)).shape
        torch.Size([2, 128, 2, 2])
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
        self.symmetry = stem.symmetry
        self.in_chans = in_chans
        self.num_classes = num_classes
        self.global_pool = global_pool
        self.drop_rate = drop_rate
        self.grad_checkpointing = False
        self.num_features = stages[-1].width
        self.head_hidden_size = SYMMETRIES[stem.symmetry].fields(self.num_features)

        self.stem = make_stem(in_chans, stem, norm)
        self.stages = nn.Sequential(
            *(
                make_stage(stage, norm, stage_drop_path(drop_path_rate, i))
                for i, stage in enumerate(stages)
            )
        )
        self.head: Any = make_head(
            self.num_features, num_classes, global_pool, drop_rate, stem.symmetry
        )
        reduction = stem.stride
        self.feature_info: list[dict[str, Any]] = [
            {"num_chs": stem.width, "reduction": reduction, "module": "stem"}
        ]
        for i, stage in enumerate(stages):
            reduction *= stage.stride
            self.feature_info.append(
                {"num_chs": stage.width, "reduction": reduction, "module": f"stages.{i}"}
            )
        self.apply(init_weights)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits (B, num_classes) of images (B, in_chans, H, W).

        Raises:
            SpaceError: the images have another number of channels, or are too small for the
                strides.
        """
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the map that the last stage makes of the images.

        Args:
            x: Images (B, in_chans, H, W).

        Returns:
            A map of shape (B, num_features, ⌈H/s⌉, ⌈W/s⌉) with the total stride s, which is 32
            where every part halves the map.
        """
        check_images(x, self.in_chans)
        x = self.stem(x)
        for stage in self.stages:
            x = self._run(stage, x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Return the logits for a map of the last stage.

        Args:
            x: Map of shape (B, num_features, H, W).
            pre_logits: Whether to return the features (B, head_hidden_size) before the classifier
                instead of the logits.
        """
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
        """Return the maps after the stem (index 0) and after the stages (1 to 4), as timm does.

        Args:
            x: Images (B, in_chans, H, W).
            indices: Maps to return: a number asks for so many of the last maps, a list for the maps
                with these indices, and None for all.
            norm: Accepted because timm passes it; there is no norm before the head.
            stop_early: Whether to leave out the stages after the last map that is asked for.
            output_fmt: Format of the maps, which can only be ``NCHW``.
            intermediates_only: Whether to return the maps without the final features.

        Returns:
            The maps, or the final features and the maps.

        Raises:
            SpaceError: another format is asked for, or the images do not fit the network.
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

        Args:
            indices: Maps to keep, as in :meth:`forward_intermediates`.
            prune_norm: Accepted because timm passes it; there is no norm before the head.
            prune_head: Whether to leave out the head also where all stages are kept.

        Returns:
            The indices of the maps that are kept.
        """
        wanted, last = feature_take_indices(len(self.stages) + 1, indices)
        pruned = last < len(self.stages)
        self.stages = self.stages[:last]
        if pruned:
            self.num_features = self.feature_info[last]["num_chs"]
            self.head_hidden_size = SYMMETRIES[self.symmetry].fields(self.num_features)
        if pruned or prune_head:
            self.reset_classifier(0, "", reset_other=True)
        return wanted

    def get_classifier(self) -> Any:
        """Return the layer that gives the logits."""
        return self.head.fc

    def reset_classifier(
        self, num_classes: int, global_pool: str | None = None, reset_other: bool = False
    ) -> None:
        """Replace the classifier by a new one.

        Args:
            num_classes: Classes to tell apart; 1 gives one number, 0 leaves the classifier out.
            global_pool: Name of the pooling in timm. An empty name leaves the pooling out, and None
                keeps the pooling that there is.
            reset_other: Whether to leave out the norm before the classifier as well.
        """
        check_channels_and_classes(self.in_chans, num_classes)
        self.num_classes = num_classes
        if global_pool is not None:
            self.global_pool = global_pool
        if reset_other:
            self.head.norm = nn.Identity()
        # There are fewer features where stages were pruned.
        self.head.in_features = self.head.num_features = self.head_hidden_size
        self.head.reset(num_classes, global_pool)

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Return the patterns by which timm groups parameters by depth.

        The groups serve learning rates that differ from layer to layer.

        Args:
            coarse: Whether to group by stage instead of by block.
        """
        return {
            "stem": r"^stem",
            "blocks": r"^stages\.(\d+)" if coarse else [(r"^stages\.(\d+)\.(\d+)", None)],
        }

    def no_weight_decay(self) -> set[str]:
        """Return the names of parameters that are spared weight decay.

        There are none beside the biases and norms, which timm spares anyway.
        """
        return set()

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Keep no activations inside stages for the backward pass; compute them again instead."""
        self.grad_checkpointing = enable

    def _run(self, stage: nn.Module, x: Tensor) -> Any:
        return checkpoint_seq(stage, x) if self.grad_checkpointing else stage(x)


def init_weights(module: nn.Module) -> None:
    """Initialise the weights of a convolution or a linear layer.

    Convolutions are initialised as in EfficientNet: normally distributed, by the number of outputs
    that see an input. Linear layers are initialised as in ViT.
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
        SpaceError: the images have another shape, or are too small for the strides.
    """
    if images.ndim != 4 or images.shape[1] != in_chans:
        shape = " × ".join(map(str, images.shape))
        raise SpaceError(
            f"images of shape {shape} were given to a network for batches with {in_chans} "
            "channel(s)."
        )
    check_image_size(*images.shape[2:])


# torch.fx cannot follow a comparison of sizes, so it has to treat the check as one operation.
register_notrace_function(check_images)  # type: ignore[no-untyped-call]


def check_channels_and_classes(in_chans: int, num_classes: int) -> None:
    """Check that a network can have so many input channels and classes.

    Raises:
        SpaceError: there is no channel, or a negative number of classes.
    """
    if in_chans < 1:
        raise SpaceError(f"in_chans was given {in_chans}; a network needs 1 or more.")
    if num_classes < 0:
        raise SpaceError(
            f"num_classes was given {num_classes}; a network tells 2 or more apart, gives one "
            "number (1), or has no classifier (0)."
        )
