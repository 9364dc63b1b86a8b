"""What is remembered of measured latencies."""

from pathlib import Path

import pytest
import torch

from baselines.leaderboard.costs import LatencyCache
from nas.data.normalisation import Normalisation
from nas.training.networks.card import ModelCard


def test_a_latency_is_that_of_one_version_of_torch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = ModelCard(
        "test_vit", None, ("a", "b"), 1, (32, 32), Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
    ).fitted()
    latencies = LatencyCache(tmp_path / "latencies", torch.device("cpu"), "a processor", (1,))
    assert latencies.known(card) is None
    measured = latencies.measure(card)
    assert latencies.known(card) == measured
    monkeypatch.setattr("torch.__version__", "0.1")
    assert latencies.known(card) is None
