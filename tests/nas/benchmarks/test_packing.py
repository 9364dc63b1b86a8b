"""Seeds of a network are timed stacked and one by one."""

from pathlib import Path

import pytest

from nas.benchmarks.training.command import run
from nas.benchmarks.training.settings import TrainingBenchmarkSettings
from nas.common.artefacts import read_json


def test_seeds_are_timed_stacked_and_one_by_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(
        TrainingBenchmarkSettings(
            what="packing",
            models=("lens_nano/free_mbconv",),
            batch_size=4,
            image_size=32,
            rounds=2,
            out=tmp_path,
        )
    )
    told = read_json(tmp_path / "packing.json")
    name = "lens_nano/free_mbconv"
    stacked = told[f"{name}, 4 seeds stacked (images/s of a core)"]
    alone = told[f"{name}, one by one (images/s of a core)"]
    assert stacked > 0
    assert told[f"{name}, ratio (median over rounds)"] == pytest.approx(stacked / alone, rel=0.5)
    assert "| lens nano/free mbconv, ratio" in capsys.readouterr().out
