"""How fast a supernet trains, against training the same networks alone for as many steps.

``python -m nas.benchmarks.sharing`` writes ``results/training/sharing.md`` and ``.json``. On a GPU
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
from nas.common.memory import keep_memory
from nas.common.progress import progress
from nas.training.optimisation import Optimisation
from nas.training.precision import autocast, pick_device, thread_count, threads
from nas.training.recipe import Recipe
from nas.training.step import CrossEntropyStep, Step
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.sharing_step import SharingStep
from search_spaces import Architecture, Supernet, build_network, get_space

_CLASSES = 3


def run(settings: SharingBenchmarkSettings) -> None:
    """Measure, print the table and write it."""
    device = pick_device(settings.device)
    keep_memory()
    generator = torch.Generator().manual_seed(0)
    size = settings.image_size
    images = torch.randn(settings.batch_size, 1, size, size, generator=generator).to(device)
    labels = (torch.arange(settings.batch_size) % _CLASSES).to(device)
    torch.manual_seed(0)
    supernet = Supernet(settings.space, num_classes=_CLASSES)
    together, subnets = _together(supernet, images, labels)
    seconds: list[tuple[float, float]] = []
    with progress("training", settings.rounds, "rounds") as advance:
        for number in range(settings.rounds):
            alone = _alone(settings, subnets(number), images, labels)
            seconds.append((_timed(partial(together, number), device), _timed(alone, device)))
            advance(1)
    # The first rounds warm up caches, and their networks are met again.
    ours, theirs = zip(*seconds[len(seconds) // 5 :], strict=True)
    count = settings.batch_size * len(subnets(0))
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
    conditions = {
        "space": settings.space,
        "image size": size,
        "batch size": settings.batch_size,
        "subnets in a step": len(subnets(0)),
        "rounds": settings.rounds,
        "device": str(device),
        "threads": thread_count(supernet, device),
    }
    publish(settings.out, "sharing", {**conditions, **figures})


def _together(
    supernet: Supernet, images: Tensor, labels: Tensor
) -> tuple[Callable[[int], None], Callable[[int], list[Architecture]]]:
    """Return a step of the supernet by number, and the networks that it trains by number."""
    precision = autocast("auto", supernet, images.device)
    step = SharingStep(supernet.space, Sharing(), 0, precision)
    train = _trainer(supernet, step, images, labels)
    return train, step.architectures


def _alone(
    settings: SharingBenchmarkSettings, subnets: list[Architecture], images: Tensor, labels: Tensor
) -> Callable[[], None]:
    """Return one step of every network alone; the networks are built and warmed up here."""
    steps = []
    for architecture in subnets:
        network = build_network(get_space(settings.space), architecture, 1, _CLASSES)
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
    """Return a step of the loop by number: gradients, clipping, update, in the loop's threads."""
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
    """Return the share of the time in which a kernel ran.

    Kernels run one after the other, on one stream.
    """
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        seconds = _timed(work, torch.device("cuda"))
    kernels: float = sum(event.self_device_time_total for event in profiler.key_averages())
    return round(kernels / 1e6 / seconds, 3)
