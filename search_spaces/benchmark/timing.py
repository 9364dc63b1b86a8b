"""The timing of several networks in one run.

Their rounds are interleaved, so that a ratio of times means something on a busy machine.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

IMAGE_SIZE = 64
BATCH = 64
CLASSES = 3
LAYOUTS = {"NCHW": torch.contiguous_format, "channels-last": torch.channels_last}
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Subject:
    """Something to time.

    Attributes:
        forward: Function that maps images to logits.
        weights: Module that holds the weights.
        layout: Memory format of weights and images, a name in :data:`LAYOUTS`.
        precision: Type of number to compute in, a name in :data:`PRECISIONS`. Any other than
            float32 is used by autocast.
    """

    forward: Callable[[Tensor], Tensor]
    weights: nn.Module
    layout: str = "NCHW"
    precision: str = "float32"


@dataclass(frozen=True)
class Times:
    """The times of one subject.

    Attributes:
        training_step: Milliseconds for a training step, one number for each round.
        inference: Milliseconds for the inference of a batch, one number for each round.
    """

    training_step: tuple[float, ...]
    inference: tuple[float, ...]


def measure(subjects: Sequence[Subject], rounds: int) -> list[Times]:
    """Time a training step and the inference of a batch, for every subject.

    A training step is a forward and a backward pass. Each round takes every subject in turn; a
    first round warms up and is not counted.

    Args:
        subjects: Networks to time.
        rounds: Number of rounds that count.

    Returns:
        The times of each subject, in the order of the subjects.
    """
    labels = torch.arange(BATCH) % CLASSES
    images = [_prepare(subject) for subject in subjects]
    training, inference = [], []
    for subject, batch in zip(subjects, images, strict=True):
        training.append(_training_step(subject, batch, labels))
        inference.append(_inference(subject, batch))
    for subject in subjects:
        subject.weights.train()
    training_times = _interleave(training, rounds)
    for subject in subjects:
        subject.weights.eval()
    return [
        Times(*times) for times in zip(training_times, _interleave(inference, rounds), strict=True)
    ]


def _prepare(subject: Subject) -> Tensor:
    memory_format = LAYOUTS[subject.layout]
    subject.weights.to(memory_format=memory_format)
    return torch.randn(BATCH, 1, IMAGE_SIZE, IMAGE_SIZE).contiguous(memory_format=memory_format)


def _training_step(subject: Subject, images: Tensor, labels: Tensor) -> Callable[[], None]:
    def step() -> None:
        subject.weights.zero_grad(set_to_none=True)
        with _autocast(subject):
            loss = F.cross_entropy(subject.forward(images), labels)
        loss.backward()  # type: ignore[no-untyped-call]

    return step


def _inference(subject: Subject, images: Tensor) -> Callable[[], None]:
    def step() -> None:
        with torch.inference_mode(), _autocast(subject):
            subject.forward(images)

    return step


def _autocast(subject: Subject) -> torch.autocast:
    precision = PRECISIONS[subject.precision]
    return torch.autocast("cpu", precision, enabled=precision is not torch.float32)


def _interleave(steps: Sequence[Callable[[], None]], rounds: int) -> list[tuple[float, ...]]:
    times: list[list[float]] = [[] for _ in steps]
    for warm_up in (True, *[False] * rounds):
        for step, taken in zip(steps, times, strict=True):
            start = time.perf_counter()
            step()
            if not warm_up:
                taken.append(1000 * (time.perf_counter() - start))
    return [tuple(taken) for taken in times]
