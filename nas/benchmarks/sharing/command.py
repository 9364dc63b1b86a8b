"""How fast a supernet trains, against training the same networks alone for as many steps.

``python -m nas.benchmarks.sharing`` writes ``results/training/sharing.md`` and ``.json``; on a GPU
it also tells which share of the time the device was busy.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from nas.benchmarks.record import publish
from nas.benchmarks.sharing.settings import SharingBenchmarkSettings
from nas.common.progress import progress
from nas.training.optimisation import Optimisation
from nas.training.precision import autocast, pick_device, thread_count, threads
from nas.training.recipe import Recipe
from nas.training.step import CrossEntropyStep, Step
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.sharing_step import SharingStep
from search_spaces import Architecture, Supernet, build_network, get_space

_CLASSES = 3


def run(benchmark: SharingBenchmarkSettings) -> None:
    """Measure, print the table and write it."""
    device = pick_device(benchmark.device)
    generator = torch.Generator().manual_seed(0)
    size = benchmark.image_size
    images = torch.randn(benchmark.batch_size, 1, size, size, generator=generator).to(device)
    labels = (torch.arange(benchmark.batch_size) % _CLASSES).to(device)
    torch.manual_seed(0)
    supernet = Supernet(benchmark.space, num_classes=_CLASSES)
    together, subnets = _together(supernet, images, labels)
    seconds: list[tuple[float, float]] = []
    with progress("training", benchmark.rounds, "rounds") as advance:
        for number in range(benchmark.rounds):
            alone = _alone(benchmark, subnets(number), images, labels)
            seconds.append((_timed(partial(together, number), device), _timed(alone, device)))
            advance(1)
    # The first rounds warm up caches, and their networks are met again.
    ours, theirs = zip(*seconds[len(seconds) // 5 :], strict=True)
    count = benchmark.batch_size * len(subnets(0))
    figures: dict[str, Any] = {
        "supernet (images × subnets/s)": round(count / statistics.median(ours)),
        "same networks alone (images × subnets/s)": round(count / statistics.median(theirs)),
        "ratio (median over rounds)": round(
            statistics.median(b / a for a, b in zip(ours, theirs, strict=True)), 3
        ),
    }
    if device.type == "cuda":
        figures["share of time the GPU was busy"] = _busy(
            lambda: [together(number) for number in range(10)]
        )
    settings = {
        "space": benchmark.space,
        "image size": size,
        "batch size": benchmark.batch_size,
        "subnets in a step": len(subnets(0)),
        "rounds": benchmark.rounds,
        "device": str(device),
        "threads": thread_count(supernet, device),
    }
    publish(benchmark.out, "sharing", {**settings, **figures})


def _together(
    supernet: Supernet, images: Tensor, labels: Tensor
) -> tuple[Callable[[int], None], Callable[[int], list[Architecture]]]:
    """A step of the supernet by number, and the networks that it trains."""
    precision = autocast("auto", supernet, images.device)
    step = SharingStep(supernet.space, Sharing(), 0, precision)
    train = _trainer(supernet, step, images, labels)
    return train, step.architectures


def _alone(
    benchmark: SharingBenchmarkSettings, subnets: list[Architecture], images: Tensor, labels: Tensor
) -> Callable[[], None]:
    """One step of every network alone; they are built and warmed up here."""
    steps = []
    for architecture in subnets:
        network = build_network(get_space(benchmark.space), architecture, 1, _CLASSES)
        step = CrossEntropyStep(_CLASSES, autocast("auto", network, images.device))
        steps.append(_trainer(network, step, images, labels))
    for step_of in steps:
        step_of(0)

    def train() -> None:
        for step_of in steps:
            step_of(1)

    return train


def _trainer(
    network: nn.Module, step: Step, images: Tensor, labels: Tensor
) -> Callable[[int], None]:
    """A step of the loop: gradients, clipping, update, with as many threads as the loop uses."""
    network.to(images.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    network.train()
    optimisation = Optimisation(network, Recipe(), 1_000)

    def train(number: int) -> None:
        with threads(network, images.device):
            optimisation.clear_gradients()
            step(network, images, labels, number)
            optimisation.update()

    return train


def _timed(work: Callable[[], Any], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def _busy(work: Callable[[], Any]) -> float:
    """Share of the time in which a kernel ran; they run one after the other, on one stream."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        seconds = _timed(work, torch.device("cuda"))
    kernels: float = sum(event.self_device_time_total for event in profiler.key_averages())
    return round(kernels / 1e6 / seconds, 3)
