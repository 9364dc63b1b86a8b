import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from search_spaces import Architecture, SpaceError, build_network, flops, get_space, params
from search_spaces.costs import stage_params

seeds = st.integers(0, 2**32 - 1)
hybrid_spaces = st.sampled_from(["lens_nano", "lens_small", "hybrid_nano", "hybrid_small"])


def draw_from(space: str, seed: int) -> Architecture:
    return get_space(space).sample(np.random.default_rng(seed))


def counted_flops(network: torch.nn.Module, images: torch.Tensor) -> int:
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(images)
    return int(counter.get_total_flops())


@given(hybrid_spaces, seeds, st.integers(1, 5), st.integers(2, 12), st.integers(32, 256))
@settings(max_examples=40)
def test_params_and_flops_are_those_of_the_network(
    space: str, seed: int, chans: int, classes: int, side: int
) -> None:
    architecture = draw_from(space, seed)
    with torch.device("meta"):
        network = build_network(space, architecture, chans, classes).eval()
        images = torch.empty(1, chans, side, side)
    assert params(architecture, chans, classes) == sum(
        parameter.numel() for parameter in network.parameters()
    )
    stages = tuple(
        sum(parameter.numel() for parameter in stage.parameters()) for stage in network.stages
    )
    assert stage_params(architecture) == stages
    assert flops(architecture, side, chans, classes) == counted_flops(network, images)


@given(hybrid_spaces, seeds, st.integers(32, 80))
@settings(max_examples=15)
def test_flops_are_those_of_a_real_run_of_a_batch(space: str, seed: int, side: int) -> None:
    architecture = draw_from(space, seed)
    network = build_network(space, architecture).eval()
    assert 2 * flops(architecture, side) == counted_flops(network, torch.zeros(2, 1, side, side))


def test_backward_flops_of_attention_are_counted_on_the_cpu() -> None:
    query = torch.zeros(1, 2, 8, 16, requires_grad=True)
    with FlopCounterMode(display=False) as counter:
        torch.nn.functional.scaled_dot_product_attention(query, query, query).sum().backward()
    products = 2 * 8 * 8 * 16  # The factors are heads, queries, keys and channels.
    # Attention is two matrix products in the forward pass; torch counts five in the backward pass.
    assert counter.get_total_flops() == 2 * products * (2 + 5)


@given(hybrid_spaces, seeds)
def test_no_network_is_smaller_or_larger_than_the_extremes(name: str, seed: int) -> None:
    space, architecture = get_space(name), draw_from(name, seed)
    assert params(space.smallest) <= params(architecture) <= params(space.largest)


def test_the_presets_span_the_sizes_they_are_named_for() -> None:
    nano, small = get_space("hybrid_nano"), get_space("hybrid_small")
    assert 40_000 < params(nano.smallest) < 60_000
    for name, fewest, most in (("lens_nano", 3_000, 125_000), ("lens_small", 20_000, 1_250_000)):
        space = get_space(name)
        symmetric = [
            space.from_params({**space.to_params(corner), "symmetry": "d4"})
            for corner in (space.smallest, space.largest)
        ]
        assert 0.9 * fewest < params(symmetric[0]) < params(symmetric[1]) < most
    assert 900_000 < params(nano.largest) <= 1_000_000
    assert 250_000 < params(small.smallest) < 350_000
    assert 10_000_000 < params(small.largest) <= 15_000_000


def test_an_image_too_small_for_the_strides_is_refused() -> None:
    with pytest.raises(SpaceError, match="images of 31 × 31 pixels are too small"):
        flops(get_space("hybrid_nano").smallest, 31)
