"""One pass over the training images."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from nas.training.bar import TrainingBar
from nas.training.metrics import NonFiniteError
from nas.training.optimisation import Optimisation
from nas.training.step import Step

# Number of steps after which losses are read from the device, since every reading waits for it.
_READ_EVERY = 32


def train_epoch(
    optimisation: Optimisation,
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    step: Step,
    bar: TrainingBar,
) -> float:
    """Train on every batch and return the mean loss.

    Args:
        optimisation: network in training, with its optimizer.
        model: the same network, or its compiled form; steps run this one.
        batches: pairs of images and labels, on the device of the network.
        step: what happens to a batch.
        bar: progress bar that is told of every step.

    Raises:
        NonFiniteError: a loss is not a number; this is found at most 32 steps later.
    """
    optimisation.network.train()
    losses: list[float] = []
    unread: list[Tensor] = []
    for images, labels in batches:
        optimisation.clear_gradients()
        unread.append(step(model, images, labels, optimisation.updates))
        optimisation.update()
        bar.step()
        if len(unread) == _READ_EVERY:
            losses += _read(unread, optimisation.updates)
            unread.clear()
            bar.loss(sum(losses) / len(losses))
    losses += _read(unread, optimisation.updates)
    return sum(losses) / len(losses)


def _read(unread: list[Tensor], updates: int) -> list[float]:
    """Return the losses of the last steps as numbers; ``updates`` counts all steps so far."""
    losses: list[float] = torch.stack(unread).tolist() if unread else []
    for number, loss in enumerate(losses, start=updates - len(losses)):
        if not math.isfinite(loss):
            raise NonFiniteError(f"the loss of step {number} is {loss}")
    return losses
