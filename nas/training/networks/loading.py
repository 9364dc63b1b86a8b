"""The network of a checkpoint, built and given its weights."""

from pathlib import Path

from torch import nn

from nas.common.artefacts import reading
from nas.common.errors import UserError
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint, load_weights, require_weights
from search_spaces import SpaceError


def load_network(path: Path) -> tuple[nn.Module, ModelCard]:
    """Build the network of a ``model.safetensors`` with its weights.

    Returns:
        The network, on the CPU and in evaluation mode, and its card.

    Raises:
        UserError: there is no such file, or it holds no network that can be built.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.data.normalisation import Normalisation
        >>> from nas.training.networks.card import ModelCard
        >>> from nas.training.networks.checkpoint import save_checkpoint
        >>> from nas.training.networks.loading import load_network
        >>> scale = Normalisation(sky=(0.0,), softening=(1.0,), offset=(0.0,), scale=(1.0,))
        >>> card = ModelCard("test_resnet", None, ("no_sub", "subhalo"), 1, (32, 32), scale)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "model.safetensors")
        ...     save_checkpoint(path, card.build().state_dict(), {"model": card.to_json()})
        ...     network, loaded = load_network(path)
        >>> loaded == card
        True
    """
    checkpoint = load_checkpoint(path)
    if "model" not in checkpoint.about and "supernet" in checkpoint.about:
        raise UserError(
            f"{path} holds the shared weights of a supernet: train one of its networks with "
            "python -m nas.retrain, and give that"
        )
    with reading(f"what {path} says of its network", "copy it again or train anew"):
        card = ModelCard.from_json(checkpoint.about.get("model"))
    try:
        # The weights that are there say how much memory there may be for them.
        require_weights(card.sketch(), checkpoint, path, card.model)
        model = card.build()
    except (UserError, SpaceError) as error:
        raise UserError(f"{path} holds no network that can be built: {error}") from error
    load_weights(model, checkpoint, path, card.model)
    return model, card
