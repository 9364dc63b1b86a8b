"""Turning the image turns every map of a symmetric network, and leaves its logits as they are."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from timm.layers.attention import Attention
from timm.layers.norm_act import BatchNormAct2d
from torch import Tensor, nn

from search_spaces import Architecture, HybridNet, SpaceError, build_network, get_space, params
from search_spaces.blocks import windows
from search_spaces.costs import untied_params
from search_spaces.halving import convolve, halve
from search_spaces.hybrid import StemChoices, hybrid_space
from search_spaces.symmetry import SYMMETRIES, Symmetry
from search_spaces.tied_norms import TiedBatchNorm
from search_spaces.tying import tie, untie
from tests.search_spaces.everything import EVERYTHING, STAGES

seeds = st.integers(0, 2**32 - 1)
groups = st.sampled_from([SYMMETRIES["c4"], SYMMETRIES["d4"]])
sides = st.integers(32, 64)
SPACES = {
    EVERYTHING.name: EVERYTHING,
    **{name: get_space(name) for name in ("lens_nano", "lens_small")},
}


def draw(name: str, seed: int) -> Architecture:
    """Return a random symmetric architecture of a space."""
    space = SPACES[name]
    drawn = space.sample(np.random.default_rng(seed))
    if drawn["symmetry"] == "none":
        drawn = space.from_params({**space.to_params(drawn), "symmetry": "d4"})
    return drawn


def make(architecture: Architecture, chans: int = 1, **options: object) -> HybridNet:
    """Return a network without zero biases, unit norms or zero means, which could hide a bug."""
    torch.manual_seed(0)
    network = build_network(SPACES[architecture.space], architecture, chans, **options)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif name == "head.fc.weight":
                tensor.normal_(std=0.3)
            elif tensor.ndim == 1 and tensor.is_floating_point():
                tensor.add_(torch.randn_like(tensor) * 0.2)
    return network.eval()


def images_of(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def turned_map(x: Tensor, symmetry: Symmetry, element: int) -> Tensor:
    """Return a map (B, order · F, H, W) of a turned image, given that of the image itself."""
    fields = x.unflatten(1, (symmetry.order, -1))
    # Channel h of the turned map is channel g⁻¹h, turned: the one that g takes to h.
    marks = torch.arange(4).view(2, 2)
    orbit = [symmetry.turned(marks, h) for h in range(symmetry.order)]
    sources = [
        next(i for i, one in enumerate(orbit) if symmetry.turned(one, element).equal(wanted))
        for wanted in orbit
    ]
    return symmetry.turned(fields[:, sources], element).flatten(1, 2)


@given(st.sampled_from(list(SPACES)), seeds, sides, sides, st.integers(1, 3))
@settings(max_examples=40)
def test_turning_the_image_turns_every_map_and_leaves_the_logits(
    space: str, seed: int, height: int, width: int, chans: int
) -> None:
    architecture = draw(space, seed)
    network, images = make(architecture, chans), images_of(seed, 2, chans, height, width)
    symmetry = SYMMETRIES[str(architecture["symmetry"])]
    with torch.no_grad():
        logits, maps = _logits_and_maps(network, images)
        assert logits.std() > 1e-3  # Logits that are all alike would agree whatever happens.
        for element in range(symmetry.order):
            after, turned = _logits_and_maps(network, symmetry.turned(images, element))
            assert (after - logits).abs().max() <= 1e-5
            for given_map, before in zip(turned, maps, strict=True):
                expected = turned_map(before, symmetry, element)
                torch.testing.assert_close(given_map, expected, rtol=1e-4, atol=1e-4)


def _logits_and_maps(network: HybridNet, images: Tensor) -> tuple[Tensor, list[Tensor]]:
    last, maps = network.forward_intermediates(images)
    return network.forward_head(last), maps


@given(seeds, st.integers(65, 256))
@settings(max_examples=8)
def test_so_it_does_at_any_size(seed: int, side: int) -> None:
    architecture = draw("everything", seed)
    network, images = make(architecture), images_of(seed, 1, 1, side, side)
    symmetry = SYMMETRIES[str(architecture["symmetry"])]
    with torch.no_grad():
        logits = network(images)
        for element in range(symmetry.order):
            assert (network(symmetry.turned(images, element)) - logits).abs().max() <= 1e-5


@pytest.mark.parametrize("norm", ["batch", "group"])
@pytest.mark.parametrize("name", ["symmetric_mbconv", "symmetric_fused", "symmetric_coatnet"])
def test_training_keeps_the_symmetry(name: str, norm: str) -> None:
    torch.manual_seed(0)
    network, d4 = build_network("lens_nano", name, norm=norm), SYMMETRIES["d4"]
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    images, labels = images_of(0, 12, 1, 48, 48), torch.arange(12) % 3
    images[..., 20:28, 20:28] += 3 * labels.view(-1, 1, 1, 1)
    first = F.cross_entropy(network(images), labels)
    for _ in range(15):
        optimizer.zero_grad()
        loss = F.cross_entropy(network(images), labels)
        loss.backward()
        optimizer.step()
    assert loss < 0.8 * first
    network.eval()
    with torch.no_grad():
        logits = network(images)
        assert logits.std() > 0.1
        for element in range(8):
            assert (network(d4.turned(images, element)) - logits).abs().max() <= 1e-5


def test_a_network_without_symmetry_has_none() -> None:
    network, images = build_network("lens_nano", "free_mbconv").eval(), images_of(0, 2, 1, 48, 48)
    with torch.no_grad():
        assert (network(images.flip(-1)) - network(images)).abs().max() > 1e-3


@given(seeds, sides, st.sampled_from(["batch", "group"]))
@settings(max_examples=20)
def test_an_untied_network_is_ordinary_and_gives_the_same_outputs(
    seed: int, side: int, norm: str
) -> None:
    architecture = draw("everything", seed)
    tied, images = make(architecture, norm=norm), images_of(seed, 2, 1, side, side)
    before = copy.deepcopy(tied.state_dict())
    ordinary = untie(tied)
    with torch.no_grad():
        assert (ordinary(images) - tied(images)).abs().max() <= 1e-5
        for parameter in ordinary.parameters():
            parameter.zero_()
    assert all(torch.equal(tensor, before[name]) for name, tensor in tied.state_dict().items())
    assert _count(tied) == params(architecture)
    assert _count(ordinary) == untied_params(architecture)
    # Its weights have the shapes that they have without a symmetry, but for the head.
    free = tie_free(architecture, norm)
    for name, tensor in ordinary.state_dict().items():
        if not name.startswith("head."):
            assert tensor.shape == free[name].shape, name


def tie_free(architecture: Architecture, norm: str) -> dict[str, Tensor]:
    """Return the tensors of a network of the same layers without a symmetry."""
    space = hybrid_space(
        "everything",
        symmetry=("none",),
        stem=StemChoices(width=(16, 24), kernel=(3, 5), stride=(2, 1)),
        head_dim=8,
        stages=STAGES,
        named={},
        size=params,
    )
    choices = {**architecture.choices, "symmetry": "none"}
    return build_network(space, space.architecture(choices), norm=norm).state_dict()


def test_untying_a_network_without_symmetry_copies_it() -> None:
    network, images = build_network("hybrid_nano").eval(), images_of(0, 2, 1, 48, 48)
    copied = untie(network)
    assert torch.equal(copied(images), network(images))
    assert copied is not network


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


@given(groups, st.integers(1, 9), st.integers(1, 9), st.sampled_from([1, 3, 5]), seeds)
def test_strided_places_lie_symmetrically(
    symmetry: Symmetry, height: int, width: int, kernel: int, seed: int
) -> None:
    """With a kernel that is its own mirror image, turning the map turns what comes out of it."""
    # In double precision, since sums of 25 products come in another order.
    x, weight = images_of(seed, 1, 1, height, width), images_of(seed, 1, 1, kernel, kernel)
    x, weight = x.double(), weight.double()
    weight = sum(symmetry.turned(weight, element) for element in range(symmetry.order))
    for halved in (lambda x: convolve(x, weight, None, 2, 1), halve):
        before = halved(x)
        assert before.shape[2:] == (-(-height // 2), -(-width // 2))
        for element in range(symmetry.order):
            after = halved(symmetry.turned(x, element))
            torch.testing.assert_close(after, symmetry.turned(before, element))


def test_an_even_side_is_halved_as_by_a_convolution_and_pooling() -> None:
    x, weight = images_of(0, 2, 3, 8, 8), images_of(1, 5, 3, 3, 3)
    pooled = F.avg_pool2d(F.conv2d(x, weight, padding=1), 2)
    torch.testing.assert_close(convolve(x, weight, None, 2, 1), pooled)


@given(seeds, st.integers(1, 6), st.integers(1, 6), st.integers(1, 4))
def test_the_quick_gradient_of_a_strided_depthwise_kernel_is_that_of_its_formula(
    seed: int, rows: int, columns: int, channels: int
) -> None:
    x = images_of(seed, 2, channels, 2 * rows, 2 * columns).requires_grad_()
    weight = images_of(seed + 1, channels, 1, 3, 3).requires_grad_()
    quick = convolve(x, weight, None, 2, channels)
    assert quick.grad_fn is not None
    assert "StridedDepthwise" in type(quick.grad_fn).__name__
    plain = F.avg_pool2d(F.conv2d(x, weight, padding=1, groups=channels), 2)
    dy = images_of(seed + 2, *quick.shape)
    torch.testing.assert_close(quick, plain)
    for one, other in zip(
        torch.autograd.grad(quick, (x, weight), dy),
        torch.autograd.grad(plain, (x, weight), dy),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


@given(st.integers(1, 64), st.sampled_from([0, 1, 3, 4, 8]))
def test_symmetric_windows_cover_the_map_and_reach_as_far_on_both_sides(
    side: int, window: int
) -> None:
    count, size = windows(side, window, symmetric=True)
    assert count * size >= side
    assert (count * size - side) % 2 == 0
    assert size <= window or window == 0
    assert (count - 2) * size < side  # There is at most one window more than is needed.


@given(seeds, groups, st.integers(1, 4))
@settings(max_examples=20)
def test_the_norm_of_fields_is_that_of_a_map_whose_channels_are_fields(
    seed: int, symmetry: Symmetry, fields: int
) -> None:
    """Outputs, gradients and running statistics are those of torch's own BatchNorm."""
    order = symmetry.order
    ours = TiedBatchNorm(BatchNormAct2d(fields * order, apply_act=False), symmetry).double()
    torchs = nn.BatchNorm2d(fields).double()
    torch.manual_seed(seed % 2**31)
    with torch.no_grad():
        for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
            other.copy_(one.normal_())
    inputs = [
        (torch.randn(3, order * fields, 4, 5) * 3 + 2).double().requires_grad_() for _ in range(2)
    ]
    with torch.no_grad():
        inputs[1].copy_(inputs[0])
    weights = torch.randn(3, order * fields, 4, 5).double()
    for mode in (True, False):
        ours.train(mode), torchs.train(mode)
        outputs = []
        for norm, x in ((ours, inputs[0]), (torchs, inputs[1])):
            one_map = x if norm is ours else _fields_as_channels(x, order)
            y = norm(one_map)
            y = y if norm is ours else _fields_as_channels(y, order, back=True)
            (y * weights).sum().backward()
            outputs.append(y)
        torch.testing.assert_close(outputs[0], outputs[1])
        torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
        for one, other in zip(ours.parameters(), torchs.parameters(), strict=True):
            torch.testing.assert_close(one.grad, other.grad)
        for name, buffer in torchs.named_buffers():
            torch.testing.assert_close(ours.get_buffer(name), buffer)


def _fields_as_channels(x: Tensor, order: int, back: bool = False) -> Tensor:
    if back:
        return x.unflatten(2, (order, -1)).transpose(1, 2).flatten(1, 2)
    return x.unflatten(1, (order, -1)).transpose(1, 2).flatten(2, 3)


def test_a_width_that_is_no_whole_number_of_fields_is_explained() -> None:
    with pytest.raises(
        SpaceError, match="12 channels were given to a network with the symmetry d4"
    ):
        tie(nn.Sequential(nn.Conv2d(8, 12, 1)), SYMMETRIES["d4"])
    attention = Attention(16, num_heads=2, attn_head_dim=12, qkv_bias=True)
    with pytest.raises(SpaceError, match="12 channels were given"):
        tie(nn.Sequential(attention), SYMMETRIES["d4"])


def test_a_linear_layer_without_bias_has_none_when_it_is_tied_and_untied() -> None:
    tied = tie(nn.Sequential(nn.Linear(16, 24, bias=False)), SYMMETRIES["d4"])
    ordinary, x = untie(tied), images_of(0, 2, 16)
    assert [name for name, _ in ordinary.named_parameters()] == ["0.weight"]
    torch.testing.assert_close(ordinary(x), tied(x))
