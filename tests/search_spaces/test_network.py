"""Tests of the network itself; test_timm_models.py tests its timm interface."""

import numpy as np
import pytest
import timm
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from search_spaces import Architecture, SpaceError, build_network, get_space
from search_spaces.blocks import AttentionBlock, windows
from search_spaces.hybrid import AttentionStage

NANO = get_space("hybrid_nano")
seeds = st.integers(0, 2**32 - 1)


@given(
    st.sampled_from(["hybrid_nano", "hybrid_small"]),
    seeds,
    st.integers(32, 256),
    st.integers(32, 100),
    st.integers(1, 4),
    st.integers(2, 20),
)
@settings(max_examples=25)
def test_any_image_size_channels_and_classes(
    space: str, seed: int, height: int, width: int, chans: int, classes: int
) -> None:
    architecture = get_space(space).sample(np.random.default_rng(seed))
    with torch.device("meta"):
        network = build_network(space, architecture, chans, classes)
        images = torch.empty(2, chans, height, width)
        assert network.forward_features(images).shape[2:] == (-(-height // 32), -(-width // 32))
        assert network(images).shape == (2, classes)


@pytest.mark.parametrize("name", ["coatnet_like", "pure_mbconv", "attention_heavy"])
@pytest.mark.parametrize("space", ["hybrid_nano", "hybrid_small"])
def test_the_named_architectures_are_what_their_names_say(space: str, name: str) -> None:
    architecture = get_space(space).named[name]
    operators = [architecture[f"stage{i}.op"] for i in (1, 2, 3, 4)]
    expected = {
        "coatnet_like": ["mbconv", "mbconv", "attention", "attention"],
        "pure_mbconv": ["mbconv"] * 4,
        "attention_heavy": ["attention"] * 4,
    }
    assert operators == expected[name]
    logits = build_network(space, architecture)(torch.randn(2, 1, 48, 48))
    assert logits.shape == (2, 3)
    assert logits.isfinite().all()


@pytest.mark.parametrize("space", ["lens_nano", "hybrid_nano"])
def test_no_activation_works_in_place_which_costs_a_copy(space: str) -> None:
    for architecture in get_space(space).named.values():
        network = build_network(space, architecture)
        assert [layer.inplace for layer in network.modules() if isinstance(layer, nn.SiLU)] != []
        assert not any(getattr(layer, "inplace", False) for layer in network.modules())


@pytest.mark.parametrize("space", ["lens_nano", "lens_small", "hybrid_nano", "hybrid_small"])
def test_timm_lists_the_space_and_takes_architectures_in_every_form(space: str) -> None:
    assert timm.is_model(space)
    for name, architecture in get_space(space).named.items():
        for form in (name, str(architecture), architecture):
            with torch.device("meta"):
                network = timm.create_model(space, architecture=form, in_chans=3, num_classes=7)
            assert network.architecture == architecture
            assert (network.in_chans, network.num_classes) == (3, 7)


@given(seeds, seeds)
@settings(max_examples=30)
def test_different_architectures_are_different_networks(one_seed: int, other_seed: int) -> None:
    one, other = (NANO.sample(np.random.default_rng(seed)) for seed in (one_seed, other_seed))
    assert (_structure(one) == _structure(other)) == (one == other)


@given(seeds)
@settings(max_examples=30)
def test_one_mutation_is_another_network(seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = NANO.sample(rng)
    assert _structure(parent) != _structure(NANO.mutate(parent, rng))


def _structure(architecture: Architecture) -> list[object]:
    with torch.device("meta"):
        network = build_network(NANO, architecture)
    shapes = [(name, tuple(parameter.shape)) for name, parameter in network.named_parameters()]
    attention = [
        (name, module.window, module.attn.num_heads)
        for name, module in network.named_modules()
        if isinstance(module, AttentionBlock)
    ]
    return [*shapes, *attention]


@given(st.integers(1, 64), st.sampled_from([0, 4, 8]))
def test_windows_cover_the_map_with_no_window_to_spare(side: int, window: int) -> None:
    count, size = windows(side, window)
    assert count * size >= side > (count - 1) * size
    assert count * size - side < count
    assert size <= window or window == 0
    if window in (0, *range(side, 65)):
        assert (count, size) == (1, side)


def _block(window: int) -> AttentionBlock:
    torch.manual_seed(0)
    block = AttentionBlock(
        AttentionStage(in_width=8, width=8, depth=1, heads=2, head_dim=8, mlp=1, window=window),
        first=False,
    )
    return block.eval()


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([4, 8]))
@settings(max_examples=40)
def test_attention_in_windows_is_attention_within_each_window_alone(
    height: int, width: int, window: int
) -> None:
    """Where the last windows stick out over the map, nothing attends to what fills them up."""
    x = torch.randn(
        2, 8, height, width, generator=torch.Generator().manual_seed(height * 13 + width)
    )
    windowed, alone = _block(window), _block(0)
    expected = torch.empty_like(x)
    (_, row), (_, column) = windows(height, window), windows(width, window)
    with torch.no_grad():
        for top in range(0, height, row):
            for left in range(0, width, column):
                patch = (..., slice(top, top + row), slice(left, left + column))
                expected[patch] = alone(x[patch])
        torch.testing.assert_close(windowed(x), expected, rtol=1e-5, atol=1e-5)


def test_a_global_block_attends_to_everything_and_a_windowed_one_does_not() -> None:
    x = torch.randn(1, 8, 8, 8)
    changed = x.clone()
    changed[:, 0, 7, 7] += 1
    with torch.no_grad():
        far = {
            window: (_block(window)(changed) - _block(window)(x))[..., 0, 0].abs().max()
            for window in (0, 4, 8)
        }
    assert far[4] == 0
    assert far[0] > 0
    # A window of 8 covers the whole map.
    assert far[8] == far[0]


def test_attention_tells_positions_apart() -> None:
    """A flat map comes out with structure, because the position convolution sees the border."""
    network = build_network("hybrid_nano", "attention_heavy").eval()
    features = network.stages[0](torch.ones(1, 16, 32, 32))
    assert features.std(dim=(2, 3)).max() > 1e-3


def test_batch_free_norms_do_not_mix_images() -> None:
    images = torch.randn(4, 1, 32, 32)
    network = build_network("hybrid_nano", "pure_mbconv", norm="group")
    torch.testing.assert_close(network(images)[:2], network(images[:2]), rtol=1e-4, atol=1e-5)
    mixing = build_network("hybrid_nano", "pure_mbconv", norm="batch")
    assert not torch.allclose(mixing(images)[:2], mixing(images[:2]), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"in_chans": 0}, "in_chans was given 0"),
        ({"num_classes": -1}, "num_classes was given -1"),
        ({"norm": "layer"}, "norm was given 'layer'; allowed are batch, group"),
        ({"architecture": "coatnet"}, "did you mean coatnet_like"),
        (
            {"architecture": get_space("hybrid_small").smallest},
            "'hybrid_small' was given where one of hybrid_nano",
        ),
    ],
)
def test_arguments_that_make_no_network_are_explained(arguments: dict, sentence: str) -> None:
    with pytest.raises(SpaceError, match=sentence):
        build_network("hybrid_nano", **arguments)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ((1, 1, 31, 64), "images of 31 × 64 pixels are too small"),
        (
            (1, 3, 64, 64),
            r"images of shape 1 × 3 × 64 × 64 were given to a network for batches with 1 channel",
        ),
        ((1, 64, 64), "images of shape 1 × 64 × 64"),
    ],
)
def test_images_that_do_not_fit_are_explained(shape: tuple[int, ...], sentence: str) -> None:
    with pytest.raises(SpaceError, match=sentence):
        build_network("hybrid_nano")(torch.zeros(shape))


def test_a_tabular_space_builds_nothing() -> None:
    space = get_space("nas_bench_macro")
    with pytest.raises(SpaceError, match="nas_bench_macro is no hybrid space"):
        build_network(space, space.smallest)
