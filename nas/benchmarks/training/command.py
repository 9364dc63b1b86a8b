"""How fast the training loop is, against a bare PyTorch loop in the same run.

``python -m nas.benchmarks.training`` writes ``results/training/throughput.md`` and ``.json``. With
``--what precision``, ``memory``, ``packing`` or ``compile`` it measures what precision and layout
bring, memory that is kept between steps, several seeds in one process, or ``torch.compile``, and
writes files of that name.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import nn

from nas.benchmarks.record import publish
from nas.benchmarks.training.packing import measure_packing
from nas.benchmarks.training.settings import TrainingBenchmarkSettings
from nas.common.memory import KEPT, keep_memory
from nas.common.progress import progress
from nas.data.normalisation import Normalisation
from nas.data.tensors import LensTensors
from nas.training.loop import fit
from nas.training.networks.card import ModelCard
from nas.training.precision import autocast, pick_device, threads
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord

_CLASSES = ("no_substructure", "subhalo", "vortex")
# What glibc begins with: larger blocks are handed back as soon as they are freed.
_HANDED_BACK = 128 * 1024


def run(settings: TrainingBenchmarkSettings) -> None:
    """Measure every network, print the table and write it."""
    device = pick_device(settings.device)
    conditions = {
        "images": settings.images,
        "image_size": settings.image_size,
        "batch_size": settings.batch_size,
        "rounds": settings.rounds,
        "seed": 0,
        "device": str(device),
        "threads": torch.get_num_threads(),
    }
    measure = {
        "throughput": _against_bare,
        "precision": _precision,
        "memory": _memory,
        "packing": _packing,
        "compile": _compile,
    }[settings.what]
    figures: dict[str, Any] = {}
    for name in settings.models:
        figures |= {
            f"{name}, {what}": value for what, value in measure(settings, name, device).items()
        }
    publish(settings.out, settings.what, {**conditions, **figures})


def _against_bare(
    settings: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Train with our loop, and after each of its epochs for one epoch with a bare loop.

    Both train the same network on the same images.
    """
    recipe = Recipe(epochs=settings.rounds + 1, batch_size=settings.batch_size)
    train, val = _images(settings.images, settings, device), _images(30, settings, device)
    bare_epoch = _bare_loop(settings, name, train)
    seconds: list[tuple[float, float]] = []
    with progress(name, recipe.epochs, "rounds") as advance:

        def on_epoch(record: EpochRecord) -> None:
            start = time.perf_counter()
            bare_epoch()
            seconds.append((record.seconds, time.perf_counter() - start))
            advance(1)

        fit(_model(name, settings), train, val, recipe, on_epoch=on_epoch)
    # The first round warms up.
    ours, theirs = zip(*seconds[1:], strict=True)
    return {
        "loop (images/s)": round(settings.images / statistics.median(ours)),
        "bare loop (images/s)": round(settings.images / statistics.median(theirs)),
        "ratio (median over rounds)": round(statistics.median(b / a for a, b in seconds[1:]), 3),
    }


def _bare_loop(
    settings: TrainingBenchmarkSettings, name: str, train: LensTensors
) -> Callable[[], None]:
    """Return what trains a new network for an epoch as without this toolkit.

    There is no clipping, schedule, checks, log or progress.
    """
    device, recipe = train.images.device, Recipe(batch_size=settings.batch_size)
    model = _model(name, settings)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    precision = autocast("auto", model, device)
    optimizer = torch.optim.AdamW(model.parameters(), recipe.learning_rate, fused=True)
    generator = torch.Generator(device).manual_seed(0)

    def epoch() -> None:
        model.train()
        loss = torch.zeros(())
        batches = train.shuffled(recipe.batch_size, generator, recipe.augmentation)
        with threads(model, device):
            for images, labels in batches:
                optimizer.zero_grad()
                with precision:
                    loss = F.cross_entropy(model(images), labels)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            # This waits for the device.
            loss.item()

    return epoch


def _precision(
    settings: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Train with each precision and memory layout in turn; the second epoch of two is timed."""
    train, val = _images(settings.images, settings, device), _images(30, settings, device)
    precisions: tuple[Literal["off", "bf16"], ...] = ("off", "bf16")
    recipes = {
        ("bf16" if amp == "bf16" else "float32")
        + (", channels-last" if channels_last else ""): Recipe(
            epochs=2, batch_size=settings.batch_size, amp=amp, channels_last=channels_last
        )
        for amp in precisions
        for channels_last in (False, True)
    }
    seconds: dict[str, list[float]] = {what: [] for what in recipes}
    with progress(name, settings.rounds * len(recipes), "trainings") as advance:
        for _ in range(settings.rounds):
            for what, recipe in recipes.items():
                result = fit(_model(name, settings), train, val, recipe)
                seconds[what].append(result.epochs[1].seconds)
                advance(1)
    with autocast("auto", _model(name, settings), device):
        picked = "bf16" if torch.is_autocast_enabled(device.type) else "float32"
    rates = {
        f"{what} (images/s)": round(settings.images / statistics.median(times))
        for what, times in seconds.items()
    }
    return {**rates, "auto picks": picked}


def _memory(settings: TrainingBenchmarkSettings, name: str, device: torch.device) -> dict[str, Any]:
    """Train for an epoch with memory that is kept between steps and for one without, in turn.

    Processor seconds count, of this process and of the kernel for it.
    """
    bare_epoch = _bare_loop(settings, name, _images(settings.images, settings, device))
    seconds: dict[int, list[float]] = {KEPT: [], _HANDED_BACK: []}
    with progress(name, settings.rounds + 1, "rounds") as advance:
        for _ in range(settings.rounds + 1):
            for kept, times in seconds.items():
                keep_memory(kept)
                start = time.process_time()
                bare_epoch()
                times.append(time.process_time() - start)
            advance(1)
    # The first round warms up.
    ours, theirs = (times[1:] for times in seconds.values())
    return {
        "kept (images/s of a core)": round(settings.images / statistics.median(ours)),
        "handed back (images/s of a core)": round(settings.images / statistics.median(theirs)),
        "ratio (median over rounds)": round(
            statistics.median(b / a for a, b in zip(ours, theirs, strict=True)), 3
        ),
    }


def _packing(
    settings: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Compute gradients of several seeds of a network, stacked and one by one, in turn."""
    batch = _images(settings.batch_size, settings, device)

    def build() -> nn.Module:
        return _model(name, settings).to(device)

    with threads(build(), device):
        return measure_packing(build, batch.images, batch.labels, settings.rounds)


def _compile(
    settings: TrainingBenchmarkSettings, name: str, device: torch.device
) -> dict[str, Any]:
    """Train with ``torch.compile`` and without; the first epoch has the seconds of compiling."""
    train, val = _images(settings.images, settings, device), _images(30, settings, device)
    seconds = {}
    for compiled in (False, True):
        recipe = Recipe(
            epochs=settings.rounds + 1, batch_size=settings.batch_size, compile=compiled
        )
        epochs = fit(_model(name, settings), train, val, recipe).epochs
        seconds[compiled] = [record.seconds for record in epochs]
    plain, fast = (statistics.median(times[1:]) for times in seconds.values())
    compiling = seconds[True][0] - fast
    gain = (plain - fast) / settings.images
    return {
        "as it is (images/s)": round(settings.images / plain),
        "compiled (images/s)": round(settings.images / fast),
        "seconds of compiling": round(compiling, 1),
        "images until it has paid": round(compiling / gain) if gain > 0 else "never",
    }


def _images(count: int, settings: TrainingBenchmarkSettings, device: torch.device) -> LensTensors:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(count, 1, settings.image_size, settings.image_size, generator=generator)
    return LensTensors(
        images.to(device), (torch.arange(count) % len(_CLASSES)).to(device), _CLASSES
    )


def _model(name: str, settings: TrainingBenchmarkSettings) -> nn.Module:
    space, _, line = name.partition("/")
    size = (settings.image_size, settings.image_size)
    card = ModelCard(
        space, line or None, _CLASSES, 1, size, Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
    )
    return card.fitted().build()
