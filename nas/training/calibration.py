"""The training images from which a network takes its BatchNorm statistics before it is scored."""

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from nas.data.tensors import LensTensors

# Number of training images from which the BatchNorm statistics of a network are taken. With four
# times as many, networks score the same.
_CALIBRATION = 1024
_BATCH = 128


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
    return replace(train, images=train.images[chosen], labels=train.labels[chosen])


def calibration_batches(train: LensTensors) -> Sequence[Tensor]:
    """Return the same images in batches of nearly equal size, each (B, C, H, W)."""
    images = calibration_images(train).images
    return images.tensor_split(-(-len(images) // _BATCH))
