"""Parameters and FLOPs of a network, from its architecture alone.

The counts follow ``blocks.py`` layer by layer and are exact: they equal those of the built network.
FLOPs are counted as ``torch.utils.flop_counter`` counts them, which means convolutions and matrix
products, where a multiplication and an addition are two operations. Every stage is counted once and
remembered, since millions of architectures share some thousands of stages. Networks of spaces of
one's own are built to be counted (``own.py``).
"""

from functools import lru_cache

import torch

# torch's public register_flop_formula adds formulas but cannot look up those that exist.
from torch.utils.flop_counter import flop_registry

from search_spaces.architecture import Architecture
from search_spaces.blocks import squeeze_width, windows
from search_spaces.hybrid import (
    AttentionStage,
    Hybrid,
    MBConvStage,
    Stage,
    Stem,
    check_image_size,
    describe,
    with_symmetry,
)
from search_spaces.own import own_flops, own_params
from search_spaces.symmetry import SYMMETRIES

# torch's counter has formulas for all fused attention kernels but the CPU's, which it passes over
# in silence. With the formula of the other kernels, the count of a network is the same on every
# device. An operator of torch has no other name than the one that starts with an underscore.
for _direction in ("", "_backward"):
    flop_registry.setdefault(
        getattr(torch.ops.aten, f"_scaled_dot_product_flash_attention_for_cpu{_direction}"),
        flop_registry[getattr(torch.ops.aten, f"_scaled_dot_product_flash_attention{_direction}")],
    )


def params(architecture: Architecture, in_chans: int = 1, num_classes: int = 3) -> int:
    """Count the parameters of the architecture's network that are learned.

    A symmetric network has fewer of them than its layers have weights, which
    :func:`untied_params` counts.

    Args:
        architecture: Architecture of a space with networks.
        in_chans: Channels of the images.
        num_classes: Classes that the network tells apart.

    Raises:
        SpaceError: the architecture is of a space without networks.

    Example:
        >>> from search_spaces import get_space, params
        >>> params(get_space("hybrid_nano").named["coatnet_like"])
        481497
    """
    if (own := own_params(architecture, in_chans, num_classes)) is not None:
        return own
    hybrid = describe(architecture)
    return _body_params(hybrid, in_chans) + _head_params(hybrid, num_classes)


def untied_params(architecture: Architecture, in_chans: int = 1, num_classes: int = 3) -> int:
    """Count the weights that the network's layers have when a symmetric network is untied.

    For a network without symmetry, and one of a space of one's own, these are its parameters.

    Args:
        architecture: Architecture of a space with networks.
        in_chans: Channels of the images.
        num_classes: Classes that the network tells apart.

    Raises:
        SpaceError: the architecture is of a space without networks.

    Example:
        >>> from search_spaces import get_space, params
        >>> from search_spaces.costs import untied_params
        >>> tied = get_space("lens_nano").named["symmetric_mbconv"]
        >>> 6 < untied_params(tied) / params(tied) < 8
        True
    """
    if (own := own_params(architecture, in_chans, num_classes)) is not None:
        return own
    hybrid = describe(architecture)
    # The head is not tied: it sees means of fields in both.
    head = _head_params(hybrid, num_classes)
    return _body_params(with_symmetry(hybrid, "none"), in_chans) + head


def _body_params(hybrid: Hybrid, in_chans: int) -> int:
    return _stem_params(hybrid.stem, in_chans) + sum(map(_stage_params, hybrid.stages))


def _stem_params(stem: Stem, in_chans: int) -> int:
    return stem.width // _order(stem) * (stem.kernel**2 * in_chans + 2)


def _head_params(hybrid: Hybrid, num_classes: int) -> int:
    width = hybrid.stages[-1].width // _order(hybrid.stem)
    return 2 * width + (width + 1) * num_classes


def _order(part: Stem | Stage) -> int:
    return SYMMETRIES[part.symmetry].order


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
        architecture: Architecture of a space with networks.
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
    if (own := own_flops(architecture, image_size, in_chans, num_classes)) is not None:
        return own
    check_image_size(image_size, image_size)
    stem, stages = describe(architecture)
    side = _strided(image_size, stem.stride)
    taps = _taps(stem, stem.kernel, image_size)
    products = side * side * taps * in_chans * stem.width
    products += stages[-1].width // _order(stem) * num_classes
    for stage in stages:
        products += _stage_products(stage, side)
        side = _strided(side, stage.stride)
    return 2 * products


def _strided(side: int, stride: int) -> int:
    return -(-side // stride)


def _taps(part: Stem | Stage, kernel: int, side: int) -> int:
    """Count the numbers of the kernel with which a part meets a map of this side.

    A symmetric part halves a side of even length with an even kernel.
    """
    even = part.symmetry != "none" and part.stride == 2 and side % 2 == 0
    return (kernel + even) ** 2


@lru_cache(maxsize=2**15)
def _stage_params(stage: Stage) -> int:
    if isinstance(stage, MBConvStage):
        rest = (stage.depth - 1) * _mbconv_params(stage, stage.width)
        return _mbconv_params(stage, stage.in_width) + rest
    entry = (stage.in_width + 1 + 9 + 1) * stage.width  # of the projection and the position
    return (entry + stage.depth * _attention_params(stage)) // _order(stage)


@lru_cache(maxsize=2**15)
def _stage_products(stage: Stage, side: int) -> int:
    """Count the multiplications of the stage on a map of this side."""
    out_side = _strided(side, stage.stride)
    if isinstance(stage, MBConvStage):
        rest = _mbconv_products(stage._replace(in_width=stage.width, stride=1), out_side)
        return _mbconv_products(stage, side) + (stage.depth - 1) * rest
    entry = out_side**2 * (stage.in_width + 9) * stage.width
    return entry + stage.depth * _attention_products(stage, out_side)


def _mbconv_params(stage: MBConvStage, in_width: int) -> int:
    inner = in_width * stage.expansion
    squeeze = squeeze_width(in_width, stage.se) if stage.se else 0
    taps = stage.kernel**2
    # A fused block has one norm of the inner channels, others have two.
    first, norms = (in_width * taps, 1) if stage.fused else (in_width + taps, 2)
    convolutions = inner * (first + stage.width)
    gates = inner // _order(stage)
    gating = 2 * gates * squeeze + gates + squeeze if squeeze else 0
    return (convolutions + 2 * (norms * inner + stage.width)) // _order(stage) + gating


def _mbconv_products(block: MBConvStage, side: int) -> int:
    inner = block.in_width * block.expansion
    squeeze = squeeze_width(block.in_width, block.se) if block.se else 0
    out_side, taps = _strided(side, block.stride), _taps(block, block.kernel, side)
    if block.fused:
        convolutions = inner * out_side**2 * (taps * block.in_width + block.width)
    else:
        convolutions = inner * (side**2 * block.in_width + out_side**2 * (taps + block.width))
    return convolutions + 2 * inner // _order(block) * squeeze


def _attention_params(stage: AttentionStage) -> int:
    width, inner = stage.width, stage.heads * stage.head_dim
    attention = (width + 1) * 3 * inner + (inner + 1) * width
    mlp = (2 * width + 1) * stage.mlp * width + width
    norms = 4 * width
    return attention + mlp + norms


def _attention_products(stage: AttentionStage, side: int) -> int:
    width, inner = stage.width, stage.heads * stage.head_dim
    count, window = windows(side, stage.window, stage.symmetry != "none")
    tokens = (count * window) ** 2  # These include what fills up the last windows.
    attention = tokens * (4 * width * inner + 2 * window**2 * inner)
    mlp = side**2 * 2 * width * stage.mlp * width
    return attention + mlp
