"""What a network scores with the weights that it inherits from a supernet."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nas.data.tensors import LensTensors
from nas.training.evaluation import evaluate
from nas.training.metrics import Scores
from search_spaces import Architecture, HybridNet, Supernet, extract, recalibrate

# Training images from which a network's BatchNorm statistics are taken; four times as many score
# the same.
_CALIBRATION = 1024
_BATCH = 128


@dataclass(frozen=True)
class Inheritance:
    """Networks of a supernet, scored without training."""

    train: LensTensors
    """Images of which some set the statistics of every network."""
    val: LensTensors
    """Images that every network is scored on."""

    def network(self, supernet: Supernet, architecture: Architecture) -> HybridNet:
        """Take a network out of the supernet, with BatchNorm statistics of its own, in evaluation
        mode.
        """
        network = extract(supernet, architecture)
        recalibrate(network, self._calibration)
        return network.eval()

    def score(self, supernet: Supernet, architecture: Architecture) -> Scores:
        """Score a network of the supernet on the validation images.

        Raises:
            NonFiniteError: its class scores are not numbers.
        """
        return evaluate(self.network(supernet, architecture), self.val)

    @cached_property
    def _calibration(self) -> tuple[Tensor, ...]:
        return torch.split(calibration_images(self.train).images, _BATCH)


def calibration_images(train: LensTensors) -> LensTensors:
    """Return the training images that set the statistics: some from all over the set, which can be
    sorted by class.

    Of these it returns all, so that whoever scores networks need not have the others.
    """
    chosen = (
        torch.linspace(0, len(train) - 1, min(len(train), _CALIBRATION))
        .round()
        .long()
        .to(train.images.device)
    )
    return LensTensors(train.images[chosen], train.labels[chosen], train.classes)
