"""A trained network as it is used, from the pixels of a file to class probabilities."""

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from nas.common.errors import UserError
from nas.training.networks.averaging import averaged
from nas.training.networks.card import ModelCard
from nas.training.networks.pixels import PixelNetwork, RawImages


class Classifier(PixelNetwork):
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
        >>> scale = Normalisation(sky=(2.0,), softening=(0.5,), offset=(0.1,), scale=(0.8,))
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

    def __init__(
        self, network: nn.Module, card: ModelCard, average_symmetries: bool = False
    ) -> None:
        super().__init__(network, card, average_symmetries)
        if card.target is not None:
            raise UserError(
                f"this network reads {card.target.name} off images and tells no classes apart: "
                "python -m nas.predict uses it"
            )

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the probabilities."""
        return self.card.classes

    def forward(self, images: Tensor) -> Tensor:
        """Return the class probabilities (B, K) of images.

        Args:
            images: images (B, C, H, W), float32 in the data's own unit.
        """
        normalised = self.normalised(images)
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
