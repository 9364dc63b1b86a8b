"""Data and shared weights of searches that nobody trained."""

from pathlib import Path

import pytest

from nas.data.options import ReadOptions
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.supernet.training import SupernetCard
from tests.folders import folder


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder(tmp_path / "data")


@pytest.fixture
def supernet(tmp_path: Path, data: Path) -> Path:
    """Write the checkpoint of a supernet that nobody trained."""
    images = TrainingImages.open(data, ReadOptions())
    card = SupernetCard(images.card("lens_nano"))
    about = {"supernet": card.to_json(), "data": images.dataset.fingerprint}
    save_checkpoint(tmp_path / "supernet.safetensors", card.build(seed=1).state_dict(), about)
    return tmp_path / "supernet.safetensors"
