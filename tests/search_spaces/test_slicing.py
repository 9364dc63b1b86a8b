import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from search_spaces import SearchSpace, Supernet, build_network, get_space
from search_spaces.hybrid import describe
from search_spaces.slicing import shared_name, slice_of
from tests.search_spaces.everything import EVERYTHING


def _names(*shape: int) -> torch.Tensor:
    """Return a tensor whose elements are all different, so that each tells its place."""
    return torch.arange(int(np.prod(shape))).reshape(shape)


@given(st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 3, 5, 7]))
def test_a_convolution_keeps_its_first_channels_and_the_centre_of_its_kernel(
    out: int, into: int, kernel: int
) -> None:
    shared = _names(8, 8, 7, 7)
    part = slice_of("stages.0.0.conv_dw.weight", (out, into, kernel, kernel), shared.shape)
    taken = shared if part is None else part.of(shared)
    margin = (7 - kernel) // 2
    assert torch.equal(taken, shared[:out, :into, margin : 7 - margin, margin : 7 - margin])


@given(st.integers(1, 6), st.integers(1, 12))
def test_queries_keys_and_values_keep_the_same_first_heads_in_weight_and_bias(
    heads: int, width: int
) -> None:
    head_dim, all_heads = 4, 6
    weight, bias = _names(3 * all_heads * head_dim, 12), _names(3 * all_heads * head_dim)
    rows = 3 * heads * head_dim
    expected_bias = torch.cat([bias[start : start + heads * head_dim] for start in (0, 24, 48)])
    for shared, shape, expected in (
        (weight, (rows, width), weight[expected_bias, :width]),
        (bias, (rows,), expected_bias),
    ):
        part = slice_of("stages.0.0.attn.qkv.x", shape, shared.shape)
        assert torch.equal(shared if part is None else part.of(shared), expected)


@given(st.integers(1, 9))
def test_a_slice_is_a_view(size: int) -> None:
    shared = torch.zeros(10, 10)
    part = slice_of("head.fc.weight", (size, size), shared.shape)
    assert part is not None
    part.of(shared).add_(1)
    assert shared.sum() == size * size


@pytest.mark.parametrize(
    "space",
    [*map(get_space, ("hybrid_nano", "lens_nano", "lens_small")), EVERYTHING],
    ids=lambda space: space.name,
)
def test_every_tensor_of_every_corner_has_its_place_in_the_supernet(space: SearchSpace) -> None:
    corners = [*space.corners(heavy=True), *space.corners(heavy=False)]
    if "symmetry" in space.genes:
        corners = [
            space.from_params({**space.to_params(corner), "symmetry": symmetry})
            for corner in corners
            for symmetry in space.genes["symmetry"].choices
        ]
    with torch.device("meta"):
        supernet = Supernet(space)
        shared = supernet.state_dict()
        used = set()
        for corner in corners:
            for name, tensor in build_network(space, corner).state_dict().items():
                source = shared_name(name, describe(corner))
                assert all(
                    size <= full
                    for size, full in zip(tensor.shape, shared[source].shape, strict=True)
                )
                used.add(source)
    assert used == set(shared)
