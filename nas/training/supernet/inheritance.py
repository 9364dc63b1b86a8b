"""The scores of networks with the weights that they inherit from a supernet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from nas.data.tensors import LensTensors
from nas.training.calibration import calibration_batches
from nas.training.evaluation import evaluate
from nas.training.metrics import Scores
from search_spaces import Architecture, HybridNet, Supernet, extract, recalibrate


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
    def _calibration(self) -> Sequence[Tensor]:
        return calibration_batches(self.train)
