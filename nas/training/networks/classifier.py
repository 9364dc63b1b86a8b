"""A trained network as it is used, from the pixels of a file to class probabilities."""

from pathlib import Path

import torch
from torch import Tensor, nn

from nas.data.normalisation import Normalisation
from nas.training.networks.averaging import averaged
from nas.training.networks.card import ModelCard
from nas.training.networks.loading import load_network


class Classifier(nn.Module):
    """A normalisation, a network and a softmax in one module.

    Its users need not know how the network was trained.

    Args:
        network: network that gives logits (B, K) of normalised images.
        normalisation: normalisation of the images that the network learned from.
        average_symmetries: whether the probabilities are averages over the symmetries of the image,
            for as many passes.

    Example:
        >>> import torch
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.classifier import Classifier
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 3))
        >>> scale = Normalisation(mean=(2.0,), std=(0.5,), offset=(0.1,), scale=(0.8,))
        >>> probabilities = Classifier(network, scale)(torch.rand(4, 1, 8, 8))
        >>> torch.allclose(probabilities.sum(dim=1), torch.ones(4))
        True
    """

    mean: Tensor
    std: Tensor
    offset: Tensor
    scale: Tensor

    def __init__(
        self, network: nn.Module, normalisation: Normalisation, average_symmetries: bool = False
    ) -> None:
        super().__init__()
        self.network = network
        self.average_symmetries = average_symmetries
        for name in ("mean", "std", "offset", "scale"):
            self.register_buffer(name, torch.tensor(getattr(normalisation, name))[:, None, None])

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


def load_classifier(path: Path, average_symmetries: bool = False) -> tuple[Classifier, ModelCard]:
    """Build the classifier of a ``model.safetensors``.

    Args:
        path: path of the file.
        average_symmetries: see :class:`Classifier`.

    Returns:
        The classifier, on the CPU and in evaluation mode, and the card of its network.

    Raises:
        UserError: there is no such file, or it holds no network that can be built.

    Example:
        >>> import tempfile
        >>> import torch
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.networks.checkpoint import save_checkpoint
        >>> from nas.training.networks.classifier import load_classifier
        >>> scale = Normalisation(mean=(2.0,), std=(0.5,), offset=(0.1,), scale=(0.8,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     save_checkpoint(path, card.build().state_dict(), {"model": card.to_json()})
        ...     classifier, card = load_classifier(path)
        >>> card.classes, classifier(torch.rand(5, 1, 32, 32)).shape
        (('no_sub', 'subhalo'), torch.Size([5, 2]))
    """
    network, card = load_network(path)
    return Classifier(network, card.normalisation, average_symmetries).eval(), card
