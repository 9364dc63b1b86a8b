"""The scores of networks with the weights that they inherit from a supernet."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from nas.data.tensors import LensTensors
from nas.training.evaluation import evaluate
from nas.training.metrics import Scores
from search_spaces import Architecture, HybridNet, Supernet, extract, recalibrate

# Number of training images from which the BatchNorm statistics of a network are taken. With four
# times as many, networks score the same.
_CALIBRATION = 1024
_BATCH = 128


@dataclass(frozen=True)
class Inheritance:
    """What scores the networks of a supernet without training them.

    Attributes:
        train: training images, some of which set the BatchNorm statistics of every network.
        val: validation images that every network is scored on.
    """

    train: LensTensors
    val: LensTensors

    def network(self, supernet: Supernet, architecture: Architecture) -> HybridNet:
        """Return a network of the supernet, with BatchNorm statistics of its own.

        The network is a copy, in evaluation mode.
        """
        network = extract(supernet, architecture)
        recalibrate(network, self._calibration)
        return network.eval()

    def score(self, supernet: Supernet, architecture: Architecture) -> Scores:
        """Score a network of the supernet on the validation images.

        Raises:
            NonFiniteError: the class scores of the network are not numbers.
        """
        return evaluate(self.network(supernet, architecture), self.val)

    @cached_property
    def _calibration(self) -> tuple[Tensor, ...]:
        return torch.split(calibration_images(self.train).images, _BATCH)


def calibration_images(train: LensTensors) -> LensTensors:
    """Return the training images that set the BatchNorm statistics of networks.

    They are from all over the training images, which may be sorted by class. Given the chosen
    images, the function returns all of them, so that whoever scores networks needs no others.
    """
    chosen = (
        torch.linspace(0, len(train) - 1, min(len(train), _CALIBRATION))
        .round()
        .long()
        .to(train.images.device)
    )
    return LensTensors(train.images[chosen], train.labels[chosen], train.classes)
