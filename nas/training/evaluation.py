"""What a network says about images, and how good that is."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.data.tensors import LensTensors
from nas.training.metrics import Scores, score

# Images scored at a time, where memory sets no lower bound.
BATCH = 256


def predict(
    model: nn.Module, tensors: LensTensors, batch_size: int = BATCH
) -> npt.NDArray[np.float64]:
    """Return class probabilities (N, K) of all images in order; leaves the network in evaluation
    mode.

    Always in float32: the eight bits of a bf16 score would tie images whose order is the area under
    the ROC curve.

    Raises:
        UserError: the network has another number of classes than the data.
    """
    model.eval()
    rows = []
    with torch.no_grad():
        for images, _ in tensors.batches(batch_size):
            logits = model(images)
            check_logits(logits, len(tensors.classes))
            rows.append(logits.cpu().double().softmax(dim=1))
    return torch.cat(rows).numpy()


def evaluate(model: nn.Module, tensors: LensTensors, batch_size: int = BATCH) -> Scores:
    """Score a network on a split; leaves it in evaluation mode.

    Raises:
        NonFiniteError: the network's scores are not numbers.
        UserError: the network has another number of classes than the data, or the split lacks a
            class.
    """
    return score(predict(model, tensors, batch_size), tensors.labels.cpu().numpy(), tensors.classes)


def check_logits(logits: Tensor, classes: int) -> None:
    """Refuse class scores (B, K) whose K is not the number of classes of the data."""
    if logits.ndim != 2 or logits.shape[1] != classes:
        raise UserError(
            f"the network gives scores of shape {tuple(logits.shape[1:])} an image, but the data "
            f"have {classes} classes: build it with num_classes={classes}"
        )
