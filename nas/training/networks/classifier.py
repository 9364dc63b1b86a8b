"""A trained network as it is used: from the pixels of a file to class probabilities."""

from pathlib import Path

import torch
from torch import Tensor, nn

from nas.data.normalisation import Normalisation
from nas.training.networks.card import ModelCard, load_network


class Classifier(nn.Module):
    """Normalisation, network and softmax in one module, so that nobody has to know how the network
    was trained.

    Args:
        network: gives logits (B, K) of normalised images.
        normalisation: of the images that it learned from.
    """

    mean: Tensor
    std: Tensor
    offset: Tensor
    scale: Tensor

    def __init__(self, network: nn.Module, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        for name in ("mean", "std", "offset", "scale"):
            self.register_buffer(name, torch.tensor(getattr(normalisation, name))[:, None, None])

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, C, H, W), float32 in the data's own unit, to class probabilities (B, K)."""
        stretched = torch.asinh((images - self.mean) / self.std)
        probabilities: Tensor = self.network((stretched - self.offset) / self.scale).softmax(dim=1)
        return probabilities


def load_classifier(path: Path) -> tuple[Classifier, ModelCard]:
    """Build the classifier of a ``model.safetensors``, on the CPU and in evaluation mode.

    Raises:
        UserError: there is no such file, or it holds no network that can be built.
    """
    network, card = load_network(path)
    return Classifier(network, card.normalisation).eval(), card
