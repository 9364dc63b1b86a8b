import copy
import pickle
from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.parallel import DistributedDataParallel

from search_spaces import Architecture, SpaceError, Supernet, extract, get_space, recalibrate
from search_spaces import supernet as supernet_module
from search_spaces.hybrid import describe
from search_spaces.slicing import shared_name, slice_of
from tests.search_spaces.everything import EVERYTHING

SPACES = {
    "everything": EVERYTHING,
    **{
        name: get_space(name) for name in ("lens_nano", "lens_small", "hybrid_nano", "hybrid_small")
    },
}
SIZES = st.sampled_from([32, 50])
seeds = st.integers(0, 2**32 - 1)


def make_supernet(space: str, in_chans: int = 1, norm: str = "batch") -> Supernet:
    """Return a supernet without zero biases, unit norms or zero means, which could hide a bug."""
    torch.manual_seed(0)
    supernet = Supernet(SPACES[space], in_chans, norm=norm)
    with torch.no_grad():
        for name, tensor in supernet.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif name.endswith("running_mean") or (tensor.ndim == 1 and tensor.is_floating_point()):
                tensor.add_(torch.randn_like(tensor) * 0.2)
            elif name.endswith("head.fc.weight"):
                tensor.normal_(std=0.3)
    return supernet


SUPERNETS = {(space, chans): make_supernet(space, chans) for space in SPACES for chans in (1, 3)}
supernets = st.sampled_from(list(SUPERNETS.values()))
# A copy in double precision and its gradients take seconds where the largest network is large.
small_supernets = st.sampled_from(
    [one for (name, _), one in SUPERNETS.items() if not name.endswith("_small")]
)


def draw_from(supernet: Supernet, seed: int) -> Architecture:
    return supernet.space.sample(np.random.default_rng(seed))


def images_for(supernet: Supernet, size: int, seed: int, count: int = 4) -> torch.Tensor:
    return torch.randn(
        count, supernet.in_chans, size, size, generator=torch.Generator().manual_seed(seed)
    )


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Sums that are taken in one order, so that equal computations have equal bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@given(supernets, seeds, SIZES)
@settings(max_examples=40)
def test_the_extracted_network_gives_the_outputs_of_the_supernet(
    supernet: Supernet, seed: int, size: int
) -> None:
    supernet.eval()
    architecture, images = draw_from(supernet, seed), images_for(supernet, size, seed)
    with torch.no_grad():
        inside, outside = supernet(images, architecture), extract(supernet, architecture)(images)
    # Outputs that are all alike would agree whatever the networks do.
    assert inside.std() > 0.01
    assert (inside - outside).abs().max() <= 1e-5


@given(supernets, seeds, SIZES)
@settings(max_examples=20)
def test_so_it_does_with_recalibrated_statistics(supernet: Supernet, seed: int, size: int) -> None:
    # In double precision, since deep networks at initialisation hardly see the image: what the
    # statistics do to the outputs can be less than what single precision rounds off.
    supernet = copy.deepcopy(supernet).double().eval()
    architecture, images = draw_from(supernet, seed), images_for(supernet, size, seed).double()
    network = extract(supernet, architecture)
    with torch.no_grad():
        before = network(images)
    calibration = [images_for(supernet, size, seed + i, 8).double() * 2 + 1 for i in range(3)]
    statistics = recalibrate(network, calibration)
    with torch.no_grad():
        inside, outside = supernet(images, architecture, statistics), network(images)
    assert (inside - outside).abs().max() <= 1e-12
    if any(name.endswith("running_mean") for name in statistics):
        assert (before - outside).abs().max() > 1e-10


@given(small_supernets, seeds, SIZES)
@settings(max_examples=20)
def test_gradients_of_shared_weights_are_those_of_the_standalone_network(
    supernet: Supernet, seed: int, size: int
) -> None:
    # In double precision, since batch statistics of few pixels magnify the rounding of single.
    supernet = copy.deepcopy(supernet).double().train()
    architecture, images = draw_from(supernet, seed), images_for(supernet, size, seed).double()
    labels = torch.tensor([0, 1, 2, 0])
    network = extract(supernet, architecture).double()
    F.cross_entropy(supernet(images, architecture), labels).backward()
    F.cross_entropy(network(images), labels).backward()
    _assert_gradients_agree(supernet, network, architecture)


def _assert_gradients_agree(
    supernet: Supernet, network: torch.nn.Module, architecture: Architecture
) -> None:
    """Assert that gradients are equal where the network has weights, and zero elsewhere."""
    expected = {
        name: torch.zeros_like(parameter) for name, parameter in supernet.named_parameters()
    }
    for name, parameter in network.named_parameters():
        shared = expected[shared_name(name, describe(architecture))]
        part = slice_of(name, parameter.shape, shared.shape)
        places = torch.arange(shared.numel()).reshape(shared.shape)
        shared.view(-1)[(places if part is None else part.of(places)).flatten()] = (
            parameter.grad.flatten()
        )
    for name, parameter in supernet.named_parameters():
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(gradient, expected[name], rtol=1e-6, atol=1e-10)


@pytest.mark.parametrize("space", SPACES)
def test_training_leaves_the_shared_statistics_alone(space: str) -> None:
    supernet = make_supernet(space).train()
    before = {name: buffer.clone() for name, buffer in supernet.named_buffers()}
    for seed in range(3):
        supernet(images_for(supernet, 32, seed), draw_from(supernet, seed)).sum().backward()
    assert all(torch.equal(buffer, before[name]) for name, buffer in supernet.named_buffers())


def test_no_architecture_leaves_a_trace_in_another() -> None:
    supernet = make_supernet("hybrid_nano").eval()
    images = images_for(supernet, 32, 0)
    architectures = [draw_from(supernet, seed) for seed in range(6)]
    with torch.no_grad():
        first = [supernet(images, architecture) for architecture in architectures]
        supernet.train()
        for architecture in architectures:
            supernet(images, architecture)
        supernet.eval()
        again = [supernet(images, architecture) for architecture in reversed(architectures)]
    assert all(torch.equal(one, other) for one, other in zip(first, reversed(again), strict=True))


def test_a_step_changes_the_next_output() -> None:
    """The slices are taken anew at every run, even after the shared tensors were replaced."""
    supernet = make_supernet("hybrid_nano").eval()
    images, architecture = images_for(supernet, 32, 0), supernet.space.smallest
    with torch.no_grad():
        before = supernet(images, architecture)
        for parameter in supernet.parameters():
            parameter.mul_(1.1)
        scaled = supernet(images, architecture)
        other = make_supernet("hybrid_nano").eval()
        supernet.load_state_dict(other.state_dict(), assign=True)
        assert not torch.allclose(before, scaled)
        assert torch.equal(supernet(images, architecture), before)


def test_several_subnets_may_run_before_one_backward_pass() -> None:
    together, apart = make_supernet("hybrid_nano"), make_supernet("hybrid_nano")
    images, architectures = (
        images_for(together, 32, 0),
        [draw_from(together, seed) for seed in range(4)],
    )
    sum(together(images, architecture).square().sum() for architecture in architectures).backward()
    for architecture in architectures:
        apart(images, architecture).square().sum().backward()
    gradients = [
        [parameter.grad for parameter in supernet.parameters()] for supernet in (together, apart)
    ]
    for one, other in zip(*gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_extraction_copies() -> None:
    supernet = make_supernet("hybrid_nano").eval()
    images, architecture = images_for(supernet, 32, 0), supernet.space.largest
    network = extract(supernet, architecture)
    before = supernet(images, architecture)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
    assert torch.equal(supernet(images, architecture), before)
    assert not network.training


@pytest.mark.parametrize(
    "copies", [copy.deepcopy, lambda supernet: pickle.loads(pickle.dumps(supernet))]
)
def test_a_copy_has_weights_of_its_own(copies: object) -> None:
    supernet = make_supernet("hybrid_nano").eval()
    images, architecture = images_for(supernet, 32, 0), supernet.space.smallest
    # This run also fills the cache of parts, which must not be copied.
    before = supernet(images, architecture)
    twin = copies(supernet)  # type: ignore[operator]
    assert torch.equal(twin(images, architecture), before)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
    assert torch.equal(supernet(images, architecture), before)
    assert not torch.equal(twin(images, architecture), before)


def test_few_parts_are_kept(monkeypatch: pytest.MonkeyPatch, one_thread: None) -> None:
    monkeypatch.setattr(supernet_module, "_CACHED_PARTS", 10)
    supernet = make_supernet("hybrid_nano").eval()
    images, rng = images_for(supernet, 32, 0), np.random.default_rng(0)
    for _ in range(8):
        architecture = supernet.space.sample(rng)
        inside = supernet(images, architecture)
        assert torch.equal(inside, extract(supernet, architecture)(images))
        assert len(supernet._parts) <= 10


@pytest.mark.parametrize("mode", ["train", "eval"])
@pytest.mark.parametrize("space", ["lens_nano", "hybrid_nano"])
def test_it_runs_in_bfloat16_and_channels_last_as_the_network_does(mode: str, space: str) -> None:
    supernet = make_supernet(space).to(memory_format=torch.channels_last)
    supernet.train(mode == "train")
    images = images_for(supernet, 50, 0).contiguous(memory_format=torch.channels_last)
    for architecture in supernet.space.named.values():
        network = extract(supernet, architecture)
        with torch.autocast("cpu", torch.bfloat16):
            inside, outside = supernet(images, architecture), network(images)
        torch.testing.assert_close(inside, outside, rtol=0, atol=1e-2)
        torch.testing.assert_close(
            supernet(images, architecture), network(images), rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("space", ["lens_nano", "hybrid_nano"])
def test_a_batch_free_supernet_needs_no_statistics(space: str) -> None:
    supernet = make_supernet(space, norm="group")
    images = images_for(supernet, 32, 0)
    assert not list(supernet.buffers())
    for architecture in supernet.space.named.values():
        trained, evaluated = (
            supernet.train()(images, architecture),
            supernet.eval()(images, architecture),
        )
        torch.testing.assert_close(trained, evaluated)
        torch.testing.assert_close(evaluated, extract(supernet, architecture)(images))


def test_stochastic_depth_and_dropout_act_in_training_only() -> None:
    torch.manual_seed(0)
    supernet = Supernet("hybrid_nano", drop_path_rate=0.5, drop_rate=0.5)
    images, architecture = images_for(supernet, 32, 0, 8), supernet.space.largest
    assert not torch.equal(supernet(images, architecture), supernet(images, architecture))
    supernet.eval()
    assert torch.equal(supernet(images, architecture), supernet(images, architecture))


@pytest.fixture
def process_group() -> Iterator[None]:
    dist.init_process_group("gloo", store=dist.HashStore(), rank=0, world_size=1)
    yield
    dist.destroy_process_group()


@pytest.mark.usefixtures("process_group")
def test_it_trains_under_distributed_data_parallel() -> None:
    supernet = make_supernet("hybrid_nano").train()
    alone = copy.deepcopy(supernet)
    parallel = DistributedDataParallel(supernet, find_unused_parameters=True)
    for seed in range(3):
        images, architecture = images_for(supernet, 32, seed), draw_from(supernet, seed)
        parallel(images, architecture).sum().backward()
        alone(images, architecture).sum().backward()
    for one, other in zip(supernet.parameters(), alone.parameters(), strict=True):
        if other.grad is None:
            assert one.grad is None or not one.grad.any()
        else:
            torch.testing.assert_close(one.grad, other.grad)


def test_what_does_not_fit_is_explained() -> None:
    supernet = make_supernet("hybrid_nano")
    with pytest.raises(
        SpaceError, match="'hybrid_small' was given where one of hybrid_nano belongs"
    ):
        supernet(torch.zeros(2, 1, 32, 32), get_space("hybrid_small").smallest)
    with pytest.raises(
        SpaceError, match="'hybrid_small' was given where one of hybrid_nano belongs"
    ):
        extract(supernet, get_space("hybrid_small").smallest)
    with pytest.raises(SpaceError, match="images of 16 × 16 pixels are too small"):
        supernet(torch.zeros(2, 1, 16, 16), supernet.space.smallest)
    with pytest.raises(SpaceError, match=r"given to a network for batches with 1 channel"):
        supernet(torch.zeros(2, 3, 32, 32), supernet.space.smallest)
    with pytest.raises(SpaceError, match="nas_bench_201 is no hybrid space"):
        Supernet("nas_bench_201")
