"""What happens to one batch: the part of the training loop that can be replaced."""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.training.evaluation import check_logits


class Step(Protocol):
    """Gradients of one batch.

    The loop has cleared the gradients; a step leaves new ones in the parameters, and the loop clips
    and applies them. It may run the network as often as it likes and call ``backward`` each time
    (the supernet's sandwich rule), and may reach the parameters through a wrapper of its own
    (``DistributedDataParallel``, with a share of the batch).
    """

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` and return the loss.

        Args:
            model: the network in training mode, compiled if the recipe says so.
            images: (B, C, H, W) float32, augmented.
            labels: (B,) int64.
            number: of the step since the start of the training, from 0; randomness of the step's
                own derives from it, so that a resumed training draws the same.

        Returns:
            The loss, a scalar on the device; its gradient is not used.
        """
        ...


@dataclass(frozen=True)
class CrossEntropyStep:
    """The usual step: cross-entropy of the labels."""

    classes: int
    """Number of classes."""
    autocast: torch.autocast
    """Precision of the forward pass."""
    label_smoothing: float = 0.0
    """Share of every label that is spread evenly over all classes."""

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` on the cross-entropy and return it."""
        with self.autocast:
            logits = model(images)
        check_logits(logits, self.classes)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
