"""Several seeds of one network in one process: stacked weights against one network at a time."""

import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call, grad, stack_module_state, vmap

_SEEDS = 4


def measure_packing(
    build: Callable[[], nn.Module], images: Tensor, labels: Tensor, rounds: int
) -> dict[str, float]:
    """Compute the gradients of networks that differ in their seed, stacked and one by one, in turn.

    Both see the same images, a batch of its own for each seed. Statistics of batches are not
    tracked, which stacked networks cannot do; a symmetric network cannot be stacked at all, for its
    norm has no rule for it. Processor seconds count.

    Args:
        build: Returns a new network.
        images: (N, C, H, W) images of a batch.
        labels: (N,) their classes.
        rounds: Number of steps of each kind that are timed.
    """
    networks = [_untracked(build()) for _ in range(_SEEDS)]
    params, buffers = stack_module_state(networks)
    base = copy.deepcopy(networks[0]).to("meta")
    batches = torch.stack([images.roll(seed, 0) for seed in range(_SEEDS)])
    classes = torch.stack([labels.roll(seed, 0) for seed in range(_SEEDS)])

    def loss(params: Any, buffers: Any, images: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(functional_call(base, (params, buffers), (images,)), labels)

    gradients = vmap(grad(loss), randomness="different")

    def one_by_one() -> None:
        for network, batch, own in zip(networks, batches, classes, strict=True):
            network.zero_grad()
            F.cross_entropy(network(batch), own).backward()  # type: ignore[no-untyped-call]

    stacked, alone = [], []
    for _ in range(rounds + 1):
        stacked.append(_seconds(lambda: gradients(params, buffers, batches, classes)))
        alone.append(_seconds(one_by_one))
    # The first round warms up.
    pairs = list(zip(stacked, alone, strict=True))[1:]
    count = _SEEDS * len(images)
    return {
        f"{_SEEDS} seeds stacked (images/s of a core)": round(
            count / statistics.median(one for one, _ in pairs)
        ),
        "one by one (images/s of a core)": round(count / statistics.median(b for _, b in pairs)),
        "ratio (median over rounds)": round(statistics.median(b / a for a, b in pairs), 3),
    }


def _untracked(network: nn.Module) -> nn.Module:
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return network


def _seconds(step: Callable[[], object]) -> float:
    start = time.process_time()
    step()
    return time.process_time() - start
