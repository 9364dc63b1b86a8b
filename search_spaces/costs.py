"""Parameters and FLOPs of a network, from its architecture alone.

The counts follow ``blocks.py`` layer by layer and are exact: they equal those of the built network.
FLOPs are counted as ``torch.utils.flop_counter`` counts them, which means convolutions and matrix
products, where a multiplication and an addition are two operations. Every stage is counted once and
remembered, since millions of architectures share some thousands of stages.
"""

from functools import lru_cache

import torch

# torch's public register_flop_formula adds formulas but cannot look up those that exist.
from torch.utils.flop_counter import flop_registry

from search_spaces.architecture import Architecture
from search_spaces.blocks import squeeze_width, windows
from search_spaces.hybrid import AttentionStage, MBConvStage, Stage, check_image_size, describe

# torch's counter has formulas for all fused attention kernels but the CPU's, which it passes over
# in silence. With the formula of the other kernels, the count of a network is the same on every
# device. An operator of torch has no other name than the one that starts with an underscore.
for _direction in ("", "_backward"):
    flop_registry.setdefault(
        getattr(torch.ops.aten, f"_scaled_dot_product_flash_attention_for_cpu{_direction}"),
        flop_registry[getattr(torch.ops.aten, f"_scaled_dot_product_flash_attention{_direction}")],
    )


def params(architecture: Architecture, in_chans: int = 1, num_classes: int = 3) -> int:
    """Count the parameters of the architecture's network.

    Args:
        architecture: Architecture of a hybrid space.
        in_chans: Channels of the images.
        num_classes: Classes that the network tells apart.

    Raises:
        SpaceError: the architecture is of a space without networks.

    Example:
        >>> from search_spaces import get_space, params
        >>> params(get_space("hybrid_nano").named["coatnet_like"])
        481497
    """
    stem, stages = describe(architecture)
    width = stages[-1].width
    return (
        stem * (9 * in_chans + 2)
        + sum(map(_stage_params, stages))
        + 2 * width
        + (width + 1) * num_classes
    )


def stage_params(architecture: Architecture) -> tuple[int, ...]:
    """Count the parameters of each stage, from the first to the last.

    Raises:
        SpaceError: the architecture is of a space without networks.
    """
    return tuple(map(_stage_params, describe(architecture).stages))


def flops(
    architecture: Architecture, image_size: int, in_chans: int = 1, num_classes: int = 3
) -> int:
    """Count the floating-point operations of a forward pass with one square image.

    Args:
        architecture: Architecture of a hybrid space.
        image_size: Side of the image in pixels.
        in_chans: Channels of the image.
        num_classes: Classes that the network tells apart.

    Raises:
        SpaceError: the architecture is of a space without networks, or the image is too small.

    Example:
        >>> from search_spaces import flops, get_space
        >>> architecture = get_space("hybrid_nano").named["coatnet_like"]
        >>> flops(architecture, image_size=64) > 2 * flops(architecture, image_size=32)
        True
    """
    check_image_size(image_size, image_size)
    stem, stages = describe(architecture)
    side = _half(image_size)
    products = side * side * 9 * in_chans * stem + stages[-1].width * num_classes
    for stage in stages:
        products += _stage_products(stage, side)
        side = _half(side)
    return 2 * products


def _half(side: int) -> int:
    return -(-side // 2)


@lru_cache(maxsize=2**15)
def _stage_params(stage: Stage) -> int:
    if isinstance(stage, MBConvStage):
        return _mbconv_params(stage, stage.in_width) + (stage.depth - 1) * _mbconv_params(
            stage, stage.width
        )
    entry = (stage.in_width + 1 + 9 + 1) * stage.width  # of the projection and the position
    return entry + stage.depth * _attention_params(stage)


@lru_cache(maxsize=2**15)
def _stage_products(stage: Stage, side: int) -> int:
    """Count the multiplications of the stage on a map of this side, which the stage halves."""
    half = _half(side)
    if isinstance(stage, MBConvStage):
        rest = _mbconv_products(stage, stage.width, half, half)
        return _mbconv_products(stage, stage.in_width, side, half) + (stage.depth - 1) * rest
    entry = half * half * (stage.in_width + 9) * stage.width
    return entry + stage.depth * _attention_products(stage, half)


def _mbconv_params(stage: MBConvStage, in_width: int) -> int:
    inner = in_width * stage.expansion
    squeeze = squeeze_width(in_width, stage.se) if stage.se else 0
    convolutions = inner * (in_width + stage.kernel**2 + stage.width)
    norms = 2 * (2 * inner + stage.width)
    return convolutions + norms + (2 * inner * squeeze + inner + squeeze if squeeze else 0)


def _mbconv_products(stage: MBConvStage, in_width: int, side: int, out_side: int) -> int:
    inner = in_width * stage.expansion
    squeeze = squeeze_width(in_width, stage.se) if stage.se else 0
    return inner * (
        side**2 * in_width + out_side**2 * (stage.kernel**2 + stage.width) + 2 * squeeze
    )


def _attention_params(stage: AttentionStage) -> int:
    width, inner = stage.width, stage.heads * stage.head_dim
    attention = (width + 1) * 3 * inner + (inner + 1) * width
    mlp = (2 * width + 1) * stage.mlp * width + width
    norms = 4 * width
    return attention + mlp + norms


def _attention_products(stage: AttentionStage, side: int) -> int:
    width, inner = stage.width, stage.heads * stage.head_dim
    count, window = windows(side, stage.window)
    tokens = (count * window) ** 2  # These include what fills up the last windows.
    attention = tokens * (4 * width * inner + 2 * window**2 * inner)
    mlp = side**2 * 2 * width * stage.mlp * width
    return attention + mlp
