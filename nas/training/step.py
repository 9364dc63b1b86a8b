"""What happens to one batch, the part of the training loop that can be replaced."""

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from nas.training.evaluation import check_logits


class Step(Protocol):
    """What computes the gradients of one batch.

    The loop clears the gradients, a step leaves new ones in the parameters, and the loop clips and
    applies them. A step may run the network as often as it likes and call ``backward`` each time
    (the supernet's sandwich rule), and may reach the parameters through a wrapper of its own
    (``DistributedDataParallel``, with a share of the batch).
    """

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` and return the loss.

        Args:
            model: network in training mode, compiled if the recipe says so.
            images: augmented images (B, C, H, W), float32.
            labels: labels (B,) of the images, int64.
            number: number of steps before this one since the start of the training. A step that
                draws random numbers derives them from it, so that a resumed training draws the
                same.

        Returns:
            The loss, a scalar on the device, whose gradient is not used.
        """
        ...


@dataclass(frozen=True)
class CrossEntropyStep:
    """The usual step, which learns the labels by cross-entropy.

    Attributes:
        classes: number of classes.
        autocast: precision of the forward pass.
        label_smoothing: share of every label that is spread evenly over all classes.
    """

    classes: int
    autocast: torch.autocast
    label_smoothing: float = 0.0

    def __call__(self, model: nn.Module, images: Tensor, labels: Tensor, number: int) -> Tensor:
        """Call ``backward`` on the cross-entropy, and return it."""
        with self.autocast:
            logits = model(images)
        check_logits(logits, self.classes)
        loss = F.cross_entropy(logits.float(), labels, label_smoothing=self.label_smoothing)
        loss.backward()  # type: ignore[no-untyped-call]
        return loss.detach()
