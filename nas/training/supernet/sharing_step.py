"""The step that trains the shared weights of a supernet.

It decides which networks learn from a batch, and whether they learn the labels or from each other.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.training.metrics import NonFiniteError
from nas.training.supernet.sharing import Sharing
from search_spaces import Architecture, EvenSampler, SearchSpace, flops
from search_spaces.hybrid import ends

# The FLOPs of random networks are spread evenly on a logarithmic scale, where the image size hardly
# matters. Any size that all networks take will do.
_IMAGE_SIZE = 64


@dataclass(frozen=True)
class SharingStep:
    """A step in which several networks of a supernet learn from one batch.

    The sandwich rule is Yu & Huang 2019 (arXiv 1903.05134), with in-place distillation: the largest
    network learns the labels, and the others learn its answers of the same moment. Symmetries share
    no weights, so each has a largest and a smallest network; the largest of the first symmetry
    teaches. The gradient is the mean over the networks, so that clipping means the same for any
    number of them.

    Attributes:
        space: search space of the supernet.
        sharing: which networks learn, and from what.
        seed: seed of the random networks; a step draws the same ones in every process.
        autocast: precision of the forward passes.
        label_smoothing: share of every label that is spread evenly over all classes.
    """

    space: SearchSpace
    sharing: Sharing
    seed: int
    autocast: torch.autocast
    label_smoothing: float = 0.0

    def architectures(self, number: int) -> list[Architecture]:
        """Return the networks that learn in a step; the first is the one that may teach the others.

        Args:
            number: number of steps before this one since the start of the training.
        """
        random = self._random(number, self.sharing.random_subnets)
        if self.sharing.rule == "random":
            return random
        smallest, largest = self._ends
        return [*largest, *random, *smallest]

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` on the loss of every network and return the mean of their losses.

        Raises:
            NonFiniteError: the loss of a network is not a number.
        """
        architectures = self.architectures(number)
        losses: list[Tensor] = []
        answers: Tensor | None = None
        for architecture in architectures:
            with self.autocast:
                logits = model(images, architecture).float()
            if answers is None:
                loss = F.cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
            else:
                loss = F.cross_entropy(logits, answers)
            if answers is None and self._teaches:
                answers = logits.detach().softmax(dim=1)
            (loss / len(architectures)).backward()  # type: ignore[no-untyped-call]
            losses.append(loss.detach())
        stacked = torch.stack(losses)
        self._check(stacked, architectures, number)
        return stacked.mean()

    @property
    def _teaches(self) -> bool:
        # The first network is the largest in a sandwich alone; no other is worth listening to.
        return self.sharing.distillation and self.sharing.rule == "sandwich"

    def _random(self, number: int, count: int) -> list[Architecture]:
        rng = np.random.default_rng([self.seed, number])
        if self.sharing.sampling == "genes":
            return [self.space.sample(rng) for _ in range(count)]
        # Networks are drawn one at a time: several at once would be spread over as many parts of
        # the range.
        return [self._even.draw(rng)[0] for _ in range(count)]

    @cached_property
    def _ends(self) -> tuple[list[Architecture], list[Architecture]]:
        return ends(self.space)

    @cached_property
    def _even(self) -> EvenSampler:
        return EvenSampler(self.space, lambda architecture: flops(architecture, _IMAGE_SIZE))

    @staticmethod
    def _check(losses: Tensor, architectures: list[Architecture], number: int) -> None:
        finite = losses.isfinite()
        if not finite.all():
            first = int((~finite).nonzero()[0])
            raise NonFiniteError(
                f"the loss of step {number} is {losses[first].item()} for {architectures[first]}"
            )
