"""How fast the training loop is, against a bare PyTorch loop in the same run, and what precision
and layout bring.

``python -m nas.benchmarks.training`` writes ``results/training/throughput.md`` and ``.json``; with
``--precision`` it writes ``precision`` instead.
"""

import statistics
import time
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from nas.benchmarks.record import publish
from nas.benchmarks.training.settings import TrainingBenchmarkSettings
from nas.common.progress import progress
from nas.data.normalisation import Normalisation
from nas.data.tensors import LensTensors
from nas.training.loop import fit
from nas.training.networks.card import ModelCard
from nas.training.precision import autocast, pick_device
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord

_CLASSES = ("no_substructure", "subhalo", "vortex")


def run(benchmark: TrainingBenchmarkSettings) -> None:
    """Measure every network, print the table and write it."""
    device = pick_device(benchmark.device)
    settings = {
        "images": benchmark.images,
        "image_size": benchmark.image_size,
        "batch_size": benchmark.batch_size,
        "rounds": benchmark.rounds,
        "seed": 0,
        "device": str(device),
        "threads": torch.get_num_threads(),
    }
    measure = _precision if benchmark.precision else _against_bare
    figures: dict[str, Any] = {}
    for name in benchmark.models:
        figures |= {
            f"{name}, {what}": value for what, value in measure(benchmark, name, device).items()
        }
    publish(
        benchmark.out, "precision" if benchmark.precision else "throughput", {**settings, **figures}
    )


def _against_bare(
    benchmark: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Train with our loop, and after each of its epochs for one epoch with a bare loop: same
    network, same images.
    """
    recipe = Recipe(epochs=benchmark.rounds + 1, batch_size=benchmark.batch_size)
    train, val = _images(benchmark.images, benchmark, device), _images(30, benchmark, device)
    bare = _model(name, benchmark).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    precision = autocast("auto", bare, device)
    optimizer = torch.optim.AdamW(bare.parameters(), recipe.learning_rate, fused=True)
    generator = torch.Generator(device).manual_seed(0)
    seconds: list[tuple[float, float]] = []
    with progress(name, recipe.epochs, "rounds") as advance:

        def on_epoch(record: EpochRecord) -> None:
            start = time.perf_counter()
            _bare_epoch(bare, optimizer, train, recipe, precision, generator)
            seconds.append((record.seconds, time.perf_counter() - start))
            advance(1)

        fit(_model(name, benchmark), train, val, recipe, on_epoch=on_epoch)
    # The first round warms up.
    ours, theirs = zip(*seconds[1:], strict=True)
    return {
        "loop (images/s)": round(benchmark.images / statistics.median(ours)),
        "bare loop (images/s)": round(benchmark.images / statistics.median(theirs)),
        "ratio (median over rounds)": round(statistics.median(b / a for a, b in seconds[1:]), 3),
    }


def _bare_epoch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    train: LensTensors,
    recipe: Recipe,
    precision: torch.autocast,
    generator: torch.Generator,
) -> None:
    """What one would write without this toolkit: no clipping, schedule, checks, log or progress."""
    model.train()
    loss = torch.zeros(())
    for images, labels in train.shuffled(recipe.batch_size, generator, recipe.augmentation):
        optimizer.zero_grad()
        with precision:
            loss = F.cross_entropy(model(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    loss.item()  # waits for the device


def _precision(
    benchmark: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Train with each precision and memory layout in turn; the second epoch of two is timed."""
    train, val = _images(benchmark.images, benchmark, device), _images(30, benchmark, device)
    precisions: tuple[Literal["off", "bf16"], ...] = ("off", "bf16")
    recipes = {
        ("bf16" if amp == "bf16" else "float32")
        + (", channels-last" if channels_last else ""): Recipe(
            epochs=2, batch_size=benchmark.batch_size, amp=amp, channels_last=channels_last
        )
        for amp in precisions
        for channels_last in (False, True)
    }
    seconds: dict[str, list[float]] = {what: [] for what in recipes}
    with progress(name, benchmark.rounds * len(recipes), "trainings") as advance:
        for _ in range(benchmark.rounds):
            for what, recipe in recipes.items():
                result = fit(_model(name, benchmark), train, val, recipe)
                seconds[what].append(result.epochs[1].seconds)
                advance(1)
    with autocast("auto", _model(name, benchmark), device):
        picked = "bf16" if torch.is_autocast_enabled(device.type) else "float32"
    rates = {
        f"{what} (images/s)": round(benchmark.images / statistics.median(times))
        for what, times in seconds.items()
    }
    return {**rates, "auto picks": picked}


def _images(count: int, benchmark: TrainingBenchmarkSettings, device: torch.device) -> LensTensors:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 1, benchmark.image_size, benchmark.image_size, generator=generator)
    return LensTensors(
        images.to(device), (torch.arange(count) % len(_CLASSES)).to(device), _CLASSES
    )


def _model(name: str, benchmark: TrainingBenchmarkSettings) -> nn.Module:
    space, _, line = name.partition("/")
    size = (benchmark.image_size, benchmark.image_size)
    return ModelCard(
        space, line or None, _CLASSES, 1, size, Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
    ).build()
