"""The class probabilities that a network gives to images, and their scores."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.common.memory import keep_memory
from nas.data.tensors import LensTensors
from nas.training.metrics import Scores, score

BATCH = 256
"""Number of images that are scored at a time, unless the caller has memory for fewer."""


def class_probabilities(
    model: nn.Module, tensors: LensTensors, batch_size: int = BATCH
) -> npt.NDArray[np.float64]:
    """Return the class probabilities (N, K) of all images, in order.

    They are always computed in float32: scores of eight bits, as in bf16, would tie images whose
    order makes the area under the ROC curve. The network is left in evaluation mode.

    Args:
        model: network that gives logits (B, K), on the device of the images.
        tensors: N normalised images.
        batch_size: number of images in a forward pass.

    Raises:
        UserError: the network has another number of classes than the data.

    Example:
        >>> import torch
        >>> from nas.data.tensors import LensTensors
        >>> from nas.training.evaluation import class_probabilities
        >>> labels = torch.arange(6) % 2
        >>> images = LensTensors(torch.randn(6, 1, 8, 8), labels, ("no_sub", "subhalo"))
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
        >>> class_probabilities(network, images).shape
        (6, 2)
    """
    model.eval()
    keep_memory()
    rows = []
    with torch.no_grad():
        for images, _ in tensors.batches(batch_size):
            logits = model(images)
            check_logits(logits, len(tensors.classes))
            rows.append(logits.cpu().double().softmax(dim=1))
    return torch.cat(rows).numpy()


def evaluate(model: nn.Module, tensors: LensTensors, batch_size: int = BATCH) -> Scores:
    """Score a network on the images of a split.

    The network is left in evaluation mode.

    Args:
        model: network that gives logits (B, K), on the device of the images.
        tensors: normalised images and their labels.
        batch_size: number of images in a forward pass.

    Raises:
        NonFiniteError: the class scores of the network are not numbers.
        UserError: the network has another number of classes than the data, or the split lacks a
            class.

    Example:
        >>> import torch
        >>> from nas.data.tensors import LensTensors
        >>> from nas.training.evaluation import evaluate
        >>> dark, bright = torch.zeros(3, 1, 1, 1), torch.ones(3, 1, 1, 1)
        >>> labels = torch.tensor([0, 0, 0, 1, 1, 1])
        >>> images = LensTensors(torch.cat([dark, bright]), labels, ("no_sub", "subhalo"))
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1, 2))
        >>> _ = network[1].weight.data.copy_(torch.tensor([[-1.0], [1.0]]))
        >>> evaluate(network, images).auc
        1.0
    """
    return score(
        class_probabilities(model, tensors, batch_size),
        tensors.labels.cpu().numpy(),
        tensors.classes,
    )


def check_logits(logits: Tensor, classes: int) -> None:
    """Refuse logits (B, K) whose K is not the number of classes of the data.

    Raises:
        UserError: the shape of the logits is another.
    """
    if logits.ndim != 2 or logits.shape[1] != classes:
        wanted = f"the data have {classes} classes" if classes > 1 else "one number is learned"
        raise UserError(
            f"the network gives scores of shape {tuple(logits.shape[1:])} an image, but {wanted}: "
            f"build it with num_classes={classes}"
        )
