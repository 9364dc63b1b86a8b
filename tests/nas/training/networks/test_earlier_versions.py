"""Checkpoints of an earlier version load, and say what they said then."""

import json
from pathlib import Path
from typing import Any

import pytest

from nas.common.provenance import Made
from nas.data.options import ReadOptions
from nas.data.tensors import LensTensors
from nas.retrain.summary import SUMMARY, Summary
from nas.training.evaluation import evaluate
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.loading import load_network
from nas.training.recipe import Recipe
from nas.training.repeated import Repeated
from nas.training.result import FinalScores
from nas.training.spec import TrainingSpec
from nas.training.supernet.training import SupernetCard
from tests.folders import folder
from tests.nas.checkpoints import SCALE, checkpoint


def test_cards_of_supernets_and_summaries_load_too(tmp_path: Path) -> None:
    """Both hold the card of a network, whose normalisation had other names."""
    card = checkpoint(tmp_path / "model.safetensors")
    former = with_former_names(card.to_json())
    shared = {**former, "architecture": None, "norm": "batch"}
    assert SupernetCard.from_json(shared).networks.normalisation == SCALE
    scores = {"auc": 0.9, "accuracy": 0.9}
    made = Made("cpu", 1, 1, "a processor", "Python 3.11", "0123abc")
    trained = Repeated((FinalScores(0, scores, scores, 60.0, 4, made),))
    spec = TrainingSpec(data="0" * 64, card=card, recipe=Recipe(), seed=0)
    Summary(tmp_path, card, 1, 1, trained).write(spec)
    written = json.loads((tmp_path / SUMMARY).read_text())
    (tmp_path / SUMMARY).write_text(json.dumps({**written, "model": former}))
    assert Summary.read(tmp_path).card.normalisation == SCALE


def with_former_names(card: dict[str, Any]) -> dict[str, Any]:
    scale = card["normalisation"]
    scale["mean"], scale["std"] = scale.pop("sky"), scale.pop("softening")
    return card


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
