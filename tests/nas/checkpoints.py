"""Checkpoints of untrained networks, for tests of what is done with trained ones."""

from pathlib import Path

import search_spaces
from nas.data.normalisation import Normalisation
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint

NAMES = ("no_substructure", "subhalo", "vortex")
SCALE = Normalisation((2.0,), (0.5,), (0.1,), (0.8,))


def checkpoint(
    path: Path, model: str = "hybrid_nano", *, size: int = 32, channels: int = 1
) -> ModelCard:
    ours = model in search_spaces.list_spaces()
    architecture = str(search_spaces.get_space(model).smallest) if ours else None
    scale = Normalisation(
        *(values * channels for values in (SCALE.sky, SCALE.softening, SCALE.offset, SCALE.scale))
    )
    card = ModelCard(model, architecture, NAMES, channels, (size, size), scale).fitted()
    save_checkpoint(path, card.build(seed=1).state_dict(), {"model": card.to_json()})
    return card
