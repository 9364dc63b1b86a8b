"""The measurements of speed: what is timed against what."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from statistics import median

import numpy as np
from timm.models.maxxvit import MaxxVit, MaxxVitCfg, MaxxVitConvCfg, MaxxVitTransformerCfg
from torch import Tensor

from search_spaces.architecture import Architecture
from search_spaces.benchmark.timing import (
    CLASSES,
    IMAGE_SIZE,
    LAYOUTS,
    PRECISIONS,
    Subject,
    Times,
    measure,
)
from search_spaces.costs import flops, params
from search_spaces.hybrid import AttentionStage, MBConvStage, describe
from search_spaces.models import build_network
from search_spaces.registry import get_space
from search_spaces.supernet import Supernet, extract
from search_spaces.tying import untie

HYBRID_SPACES = ("lens_nano", "hybrid_nano", "hybrid_small")
COATNET_SPACES = ("hybrid_nano", "hybrid_small")


@dataclass(frozen=True)
class Setting:
    """The times of a network in one precision and memory format.

    Attributes:
        space: Name of the space.
        layout: Memory format of weights and images.
        precision: Type of number that the network computes in.
        times: Times of the network.
    """

    space: str
    layout: str
    precision: str
    times: Times


@dataclass(frozen=True)
class Comparison:
    """The times of two networks in one run.

    Attributes:
        space: Name of the space.
        network: Name of the architecture, or ``random``.
        params: Number of parameters of the architecture.
        layout: Memory format of weights and images.
        ours: Times of the network that is judged.
        reference: Times of the network that it is compared with.
    """

    space: str
    network: str
    params: int
    layout: str
    ours: Times
    reference: Times

    @property
    def training_ratio(self) -> float:
        """The time of our training step over the time of the reference's."""
        return _ratio(self.ours.training_step, self.reference.training_step)

    @property
    def inference_ratio(self) -> float:
        """The time of our inference over the time of the reference's."""
        return _ratio(self.ours.inference, self.reference.inference)


def _ratio(ours: tuple[float, ...], reference: tuple[float, ...]) -> float:
    """Return the median of the rounds' ratios.

    Both times of a round are taken under the same load, but two medians may come from rounds of
    different load.
    """
    return median(one / other for one, other in zip(ours, reference, strict=True))


def subnets_against_standalone(rounds: int, rng: np.random.Generator) -> list[Comparison]:
    """Time subnets run in the supernet against the same networks extracted from it."""
    comparisons = []
    for name in HYBRID_SPACES:
        supernet = Supernet(name)
        space = supernet.space
        label, architecture = next(iter(space.named.items()))
        architectures = {
            label: architecture,
            "smallest": space.smallest,
            "random": space.sample(rng),
        }
        for label, architecture in architectures.items():
            network, forward = extract(supernet, architecture), _forward(supernet, architecture)
            for layout in LAYOUTS:
                subjects = [Subject(forward, supernet, layout), Subject(network, network, layout)]
                ours, reference = measure(subjects, rounds)
                comparisons.append(
                    Comparison(name, label, params(architecture), layout, ours, reference)
                )
    return comparisons


def coatnet_against_timm(rounds: int) -> list[Comparison]:
    """Time our CoAtNet-like networks against timm's CoAtNet of the same dimensions."""
    comparisons = []
    for name in COATNET_SPACES:
        architecture = get_space(name).named["coatnet_like"]
        network, coatnet = build_network(name, architecture), timm_coatnet(architecture)
        for layout in LAYOUTS:
            ours, reference = measure(
                [Subject(network, network, layout), Subject(coatnet, coatnet, layout)], rounds
            )
            comparisons.append(
                Comparison(name, "coatnet_like", params(architecture), layout, ours, reference)
            )
    return comparisons


def tied_against_untied(rounds: int) -> list[Comparison]:
    """Time symmetric networks, alone and as subnets, against ordinary ones of the same shapes.

    The format is the one that trainings have: in the other one, ordinary networks are slower.
    """
    supernet, layout, comparisons = Supernet("lens_nano"), "channels-last", []
    space = supernet.space
    for name, architecture in space.named.items():
        if architecture["symmetry"] == "none":
            continue
        tied = build_network(space, architecture)
        ordinary = untie(tied)
        subjects = [
            Subject(tied, tied, layout),
            Subject(_forward(supernet, architecture), supernet, layout),
            Subject(ordinary, ordinary, layout),
        ]
        *ours, reference = measure(subjects, rounds)
        comparisons += [
            Comparison(space.name, label, params(architecture), layout, times, reference)
            for label, times in zip((name, f"{name} as a subnet"), ours, strict=True)
        ]
    return comparisons


def precision_and_layout(rounds: int) -> list[Setting]:
    """Time the CoAtNet-like networks in both precisions and both memory formats.

    All settings of a space are timed in one run.
    """
    settings = []
    for name in COATNET_SPACES:
        kinds = list(product(LAYOUTS, PRECISIONS))
        networks = [build_network(name, "coatnet_like") for _ in kinds]
        times = measure(
            [Subject(n, n, *kind) for n, kind in zip(networks, kinds, strict=True)], rounds
        )
        settings += [Setting(name, *kind, taken) for kind, taken in zip(kinds, times, strict=True)]
    return settings


def count_rates(count: int, rng: np.random.Generator) -> dict[str, dict[str, float]]:
    """Measure for how many architectures a second the parameters, or the FLOPs, are counted.

    The architectures are random, the caches are empty at the start, and one core counts.

    Args:
        count: Number of architectures for each space.
        rng: Source of the random architectures.

    Returns:
        The rates of ``params`` and ``flops``, by name of the space.
    """
    rates = {}
    for name in HYBRID_SPACES:
        architectures = [get_space(name).sample(rng) for _ in range(count)]
        rates[name] = {
            "params": _rate(params, architectures),
            "flops": _rate(lambda architecture: flops(architecture, IMAGE_SIZE), architectures),
        }
    return rates


def timm_coatnet(architecture: Architecture) -> MaxxVit:
    """Return timm's CoAtNet with the dimensions of the architecture.

    Widths, depths, heads, kernels, expansions and squeezes are the same. Of timm's variants it is
    the one closest to ours: expansion and squeeze are counted from a block's input, and the stride
    is in the depthwise convolution.
    """
    stem, stages = describe(architecture)
    conv = next(stage for stage in stages if isinstance(stage, MBConvStage))
    attention = next(stage for stage in stages if isinstance(stage, AttentionStage))
    cfg = MaxxVitCfg(
        embed_dim=tuple(stage.width for stage in stages),
        depths=tuple(stage.depth for stage in stages),
        block_type=tuple("C" if isinstance(stage, MBConvStage) else "T" for stage in stages),
        stem_width=stem.width,
        conv_cfg=MaxxVitConvCfg(
            expand_ratio=conv.expansion,
            expand_output=False,
            kernel_size=conv.kernel,
            output_bias=False,
            attn_ratio=conv.se / conv.expansion,
            act_layer="silu",
        ),
        transformer_cfg=MaxxVitTransformerCfg(
            dim_head=attention.head_dim, expand_ratio=attention.mlp
        ),
    )
    return MaxxVit(cfg, img_size=IMAGE_SIZE, in_chans=1, num_classes=CLASSES)


def _forward(supernet: Supernet, architecture: Architecture) -> Callable[[Tensor], Tensor]:
    def forward(images: Tensor) -> Tensor:
        logits: Tensor = supernet(images, architecture)
        return logits

    return forward


def _rate(count: Callable[[Architecture], int], architectures: list[Architecture]) -> float:
    start = time.perf_counter()
    for architecture in architectures:
        count(architecture)
    return len(architectures) / (time.perf_counter() - start)
