"""A trained network as it is used, from the pixels of a file to what it says of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.training.evaluation import BATCH
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.networks.loading import load_network

RawImages = npt.NDArray[Any] | Tensor
"""Images as files hold them: (N, C, H, W) or (N, H, W, C), without the channels where it is one."""


class PixelNetwork(nn.Module):
    """A normalisation and a network in one module; what the network says is made of that by others.

    Args:
        network: network of normalised images.
        card: card of the network, which knows its images.
        average_symmetries: whether what is said is an average over the symmetries of the image, for
            as many passes.
    """

    sky: Tensor
    softening: Tensor
    offset: Tensor
    scale: Tensor

    def __init__(
        self, network: nn.Module, card: ModelCard, average_symmetries: bool = False
    ) -> None:
        super().__init__()
        self.network = network
        self.card = card
        self.average_symmetries = average_symmetries
        for name in ("sky", "softening", "offset", "scale"):
            values = torch.tensor(getattr(card.normalisation, name))[:, None, None]
            self.register_buffer(name, values.to(next(network.parameters()).device))

    @classmethod
    def load(cls, path: Path | str, average_symmetries: bool = False) -> Self:
        """Build the network of a ``model.safetensors``, on the CPU and in evaluation mode.

        Args:
            path: path of the file.
            average_symmetries: see the class.

        Raises:
            UserError: there is no such file, or it holds no network that can be built, or one that
                says something else of images.
        """
        network, card = load_network(Path(path))
        return cls(network, card, average_symmetries).eval()

    def save(self, path: Path | str) -> None:
        """Write the network as a ``model.safetensors``, which all commands know.

        Args:
            path: path of the file; its directory must exist.
        """
        save_checkpoint(Path(path), self.network.state_dict(), {"model": self.card.to_json()})

    def normalised(self, images: Tensor) -> Tensor:
        """Return images (B, C, H, W) in the data's own unit as the network takes them."""
        stretched = torch.asinh((images - self.sky) / self.softening)
        return (stretched - self.offset) / self.scale

    @torch.no_grad()
    def batches(self, images: RawImages) -> Iterator[npt.NDArray[Any]]:
        """Yield what is said of one batch of images after the other, (B, …).

        Images on a disk are read as they are needed.

        Args:
            images: images in the unit of those that the network learned from.

        Raises:
            UserError: the images have another shape than those, or hold pixels that are no numbers.
        """
        self.eval()
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            pixels = part if isinstance(part, Tensor) else torch.from_numpy(np.array(part))
            batch = self._channels_first(pixels.to(self.sky))
            if not batch.isfinite().all():
                raise UserError(
                    "images hold NaN or infinite pixels: mend them, for nobody knows what they show"
                )
            yield self(batch).cpu().numpy()

    def _channels_first(self, images: Tensor) -> Tensor:
        """Return images as (B, C, H, W)."""
        channels, (height, width) = self.card.in_chans, self.card.image_size
        shape = tuple(images.shape[1:])
        if shape == (channels, height, width):
            return images
        if shape == (height, width, channels):
            return images.movedim(-1, 1)
        if channels == 1 and shape == (height, width):
            return images[:, None]
        raise UserError(
            f"images have shape {shape}, the network learned from {(channels, height, width)}: "
            "give an array (N, C, H, W) of such images"
        )
