"""Checkpoints of an earlier version load, and say what they said then."""

from pathlib import Path

import pytest

from nas.data.options import ReadOptions
from nas.data.tensors import LensTensors
from nas.training.evaluation import evaluate
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.loading import load_network
from tests.folders import folder


# Made at f01519b: python -m nas.train --architecture LINE --epochs 2 --batch-size 16 --data images,
# the smallest architecture of hybrid_nano, on the folder that the tests make.
@pytest.mark.parametrize("version", ["0.1.0"])
def test_a_network_scores_what_it_scored(version: str, tmp_path: Path) -> None:
    path = Path(__file__).parent / f"of_version_{version}.safetensors"
    images = TrainingImages.open(folder(tmp_path / "images"), ReadOptions())
    about = load_checkpoint(path).about
    assert about["data"] == images.dataset.fingerprint
    network, card = load_network(path)
    # The network keeps the normalisation that it learned with, which is another one now.
    assert card.normalisation != images.normalisation
    val = LensTensors.load(images.dataset, images.splits.val, card.normalisation)
    scores = evaluate(network, val).to_json()
    assert scores == pytest.approx(about["outcome"]["val"], rel=1e-4)
