"""What is wrong with a leaderboard is named, and what was there before stays."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from baselines.leaderboard import command as leaderboard
from nas.common.errors import UserError
from nas.common.files import RUNS
from tests.baselines.leaderboard.boards import directory, row, settings, trainings
from tests.folders import folder
from tests.nas.search.runs import LINES, searched


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("result.json", "cut"),
        ("result.json", "another"),
        ("result.json", "old"),
        ("predictions.parquet", "cut"),
        ("predictions.parquet", "another"),
        ("predictions.parquet", "gone"),
        ("validation.json", "cut"),
        ("validation.json", "another"),
    ],
)
def test_a_broken_row(place: Path, name: str, how: str) -> None:
    chosen = directory(row("test_vit"))
    if name == "validation.json":
        counted = {path.parent for path in RUNS.glob("leaderboard/trainings/*/result.json")}
        chosen = next(
            path.parent
            for path in RUNS.glob(f"leaderboard/trainings/*/{name}")
            if path.parent not in counted
        )
    broken = chosen / name
    if how == "cut":
        broken.write_bytes(broken.read_bytes()[:40])
    elif how == "gone":
        broken.unlink()
    elif how == "old":  # an older version did not say what made a training
        broken.write_text(broken.read_text().replace('"threads"', '"others"'))
    elif name == "predictions.parquet":
        pd.read_parquet(broken).iloc[::-1].to_parquet(broken, index=False)
    else:
        broken.write_text(broken.read_text().replace('"seed": 0', '"seed": 7'))
    before = trainings()
    with pytest.raises(
        UserError, match=f"{chosen.name} is damaged, .*: remove it, and the same command trains"
    ):
        leaderboard.run(settings())
    assert trainings() == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"models": "resnet81"}, "there is no model resnet81: did you mean "),
        (
            {"models": "", "architecture": "", "data": Path("other"), "out": Path("new")},
            "there is nothing to compare",
        ),
        ({"sort": "auk"}, "--sort auk is no column of numbers: give one of auc, "),
        ({"crop": 40}, "results/runs/search read its data with --crop None, not 40"),
        ({"sort": "network"}, "--sort network is no column of numbers"),
        ({"seeds": 0}, "--seeds 0 cannot be used: give 1 or more"),
        ({"learning_rates": ","}, "--learning-rates is empty"),
        ({"learning_rates": "fast"}, "--learning-rates: expected numbers such as 0.5,1, got fast"),
        ({"learning_rates": "0,1"}, "--learning-rates 0,1 cannot be used: give positive numbers"),
        ({"gpus_per_trial": 1.5}, "--gpus-per-trial 1.5 cannot be used"),
        ({"run": "nowhere"}, "nowhere is not the directory of a search"),
        (
            {"run": f"{RUNS}/search,elsewhere"},
            "elsewhere searched on other data than results/runs/search",
        ),
        (
            {"data": Path("other")},
            "is the leaderboard of another data set: give another directory with --out",
        ),
        ({"architecture": LINES[0]}, "has no name for the table: give --architecture NAME=LINE"),
        ({"architecture": f"test_vit={LINES[1]}"}, "two rows are named test_vit: name them apart"),
        ({"architecture": f"chance={LINES[1]}"}, "two rows are named chance"),
        ({"data": Path("nowhere"), "run": ""}, "nowhere does not exist"),
    ],
)
def test_mistakes(place: Path, changes: dict[str, Any], sentence: str) -> None:
    searched(Path("elsewhere"), folder(Path("other"), size=48))
    before, page = trainings(), (RUNS / "leaderboard" / "leaderboard.json").read_text()
    with pytest.raises(UserError, match=sentence):
        leaderboard.run(settings(**changes))
    assert trainings() == before
    assert (RUNS / "leaderboard" / "leaderboard.json").read_text() == page


def test_a_test_split_that_lacks_a_class(fails: Callable[..., str], tmp_path: Path) -> None:
    folder(tmp_path / "data" / "train")
    for name in ("no_sub", "cdm"):
        (tmp_path / "data" / "test" / name).mkdir(parents=True)
        np.save(
            tmp_path / "data" / "test" / name / "0.npy",
            np.random.default_rng(1).random((1, 32, 32)),
        )
    assert "images of vortex" in fails(
        "baselines.leaderboard", "--data", "data", "--models", "test_vit"
    )
    assert not (tmp_path / RUNS).exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", r"leaderboard.json is damaged \(no JSON: .*\): remove it"),
        (
            '{"version": 99}',
            "was written by another version of this toolkit .its format is 99, not 2",
        ),
        ('{"version": 2}', r"leaderboard.json is damaged \(data: field required\): remove it"),
        ("[]", r"leaderboard.json is damaged \(input should be an object\): remove it"),
    ],
)
def test_a_board_of_another_version(place: Path, text: str, sentence: str) -> None:
    (RUNS / "leaderboard" / "leaderboard.json").write_text(text)
    before = trainings()
    with pytest.raises(UserError, match=sentence):
        leaderboard.run(settings())
    assert trainings() == before
    assert (RUNS / "leaderboard" / "leaderboard.json").read_text() == text
