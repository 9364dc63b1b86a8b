"""A trained network as it is used, from the pixels of a file to class probabilities."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.training.evaluation import BATCH
from nas.training.networks.averaging import averaged
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.networks.loading import load_network

RawImages = npt.NDArray[Any] | Tensor
"""Images as files hold them: (N, C, H, W) or (N, H, W, C), without the channels where it is one."""


class Classifier(nn.Module):
    """A normalisation, a network and a softmax in one module.

    Its users need not know how the network was trained.

    Args:
        network: network that gives logits (B, K) of normalised images.
        card: card of the network, which knows its images and classes.
        average_symmetries: whether the probabilities are averages over the symmetries of the image,
            for as many passes.

    Raises:
        UserError: the network reads a number off images.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.networks.classifier import Classifier
        >>> scale = Normalisation(mean=(2.0,), std=(0.5,), offset=(0.1,), scale=(0.8,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> classifier = Classifier(card.build(), card)
        >>> images = np.random.default_rng(0).random((5, 32, 32))
        >>> classifier.predict_proba(images).sum(axis=1).round(3)
        array([1., 1., 1., 1., 1.], dtype=float32)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     classifier.save(path)
        ...     same = Classifier.load(path)
        >>> bool((same.predict(images) == classifier.predict(images)).all())
        True
    """

    mean: Tensor
    std: Tensor
    offset: Tensor
    scale: Tensor

    def __init__(
        self, network: nn.Module, card: ModelCard, average_symmetries: bool = False
    ) -> None:
        super().__init__()
        if card.target is not None:
            raise UserError(
                f"this network reads {card.target.name} off images and tells no classes apart: "
                "python -m nas.predict uses it"
            )
        self.network = network
        self.card = card
        self.average_symmetries = average_symmetries
        for name in ("mean", "std", "offset", "scale"):
            values = torch.tensor(getattr(card.normalisation, name))[:, None, None]
            self.register_buffer(name, values.to(next(network.parameters()).device))

    @staticmethod
    def load(path: Path | str, average_symmetries: bool = False) -> "Classifier":
        """Build the classifier of a ``model.safetensors``, on the CPU and in evaluation mode.

        Args:
            path: path of the file.
            average_symmetries: see :class:`Classifier`.

        Raises:
            UserError: there is no such file, or it holds no network that can be built.
        """
        network, card = load_network(Path(path))
        return Classifier(network, card, average_symmetries).eval()

    def save(self, path: Path | str) -> None:
        """Write the network as a ``model.safetensors``, which all commands know.

        Args:
            path: path of the file; its directory must exist.
        """
        save_checkpoint(Path(path), self.network.state_dict(), {"model": self.card.to_json()})

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""
        return self.card.classes

    def forward(self, images: Tensor) -> Tensor:
        """Return the class probabilities (B, K) of images.

        Args:
            images: images (B, C, H, W), float32 in the data's own unit.
        """
        stretched = torch.asinh((images - self.mean) / self.std)
        normalised = (stretched - self.offset) / self.scale
        if self.average_symmetries:
            return averaged(self.network, normalised).exp()
        probabilities: Tensor = self.network(normalised).softmax(dim=1)
        return probabilities

    def predict_proba(self, images: RawImages) -> npt.NDArray[np.float32]:
        """Return the class probabilities (N, K) of images.

        Args:
            images: images in the unit of those that the network learned from.

        Raises:
            UserError: the images have another shape than those, or hold pixels that are no numbers.
        """
        rows = [np.empty((0, len(self.classes)), np.float32), *self.batches(images)]
        return np.concatenate(rows)

    def predict(self, images: RawImages) -> npt.NDArray[np.str_]:
        """Return the name of the most probable class of each image (N,).

        Args:
            images: see :meth:`predict_proba`.
        """
        best = self.predict_proba(images).argmax(axis=1)
        return np.array([self.classes[label] for label in best], np.str_)

    @torch.no_grad()
    def batches(self, images: RawImages) -> Iterator[npt.NDArray[np.float32]]:
        """Yield the class probabilities of one batch of images after the other.

        Images on a disk are read as they are needed.

        Args:
            images: see :meth:`predict_proba`.
        """
        self.eval()
        for start in range(0, len(images), BATCH):
            part = images[start : start + BATCH]
            pixels = part if isinstance(part, Tensor) else torch.from_numpy(np.array(part))
            batch = self._channels_first(pixels.to(self.mean))
            if not batch.isfinite().all():
                raise UserError(
                    "images hold NaN or infinite pixels: mend them, for their class is unknown"
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
