"""Two versions of the toolkit come to the same, or the benchmark says where they differ."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from nas.benchmarks.outcomes.command import digests
from nas.benchmarks.outcomes.settings import OutcomesBenchmarkSettings, check
from nas.common.errors import UserError


def outcome(place: Path, weight: float = 0.5, seconds: float = 1.0) -> Path:
    """What a training leaves, which took some time."""
    (place / "train").mkdir(parents=True)
    save_file({"weight": torch.full((3,), weight)}, place / "train" / "model.safetensors")
    (place / "train" / "log.csv").write_text(f"epoch,loss,seconds\n1,0.7,{seconds}\n")
    return place


def test_time_makes_no_difference_and_weights_do(tmp_path: Path) -> None:
    first = digests(outcome(tmp_path / "first"))
    assert digests(outcome(tmp_path / "slower", seconds=9.0)) == first
    other = digests(outcome(tmp_path / "other", weight=np.nextafter(np.float32(0.5), 1)))
    differing = {what for what, digest in other.items() if digest != first[what]}
    assert differing == {"training, weights"}


def test_a_directory_that_is_no_checkout(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no checkout of this toolkit"):
        check(OutcomesBenchmarkSettings(against=tmp_path))
