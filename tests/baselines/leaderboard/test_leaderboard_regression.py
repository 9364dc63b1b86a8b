"""A leaderboard of networks that read a number off images: R², errors with their unit, a page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from baselines.leaderboard.command import compare_networks
from baselines.leaderboard.entries import find_runs
from nas import api
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.data.options import ReadOptions
from nas.report.board import Board
from nas.report.steps import next_steps
from nas.training.regression import NumberBootstrap, score_values
from tests.baselines.leaderboard.boards import QUICK, settings
from tests.folders import folder
from tests.measured import REGRESSION, measured
from tests.nas.search.runs import searched

TARGET = REGRESSION["target"]
OUT = RUNS / "leaderboard"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A place with data, a search for networks of the axion mass, and what it was compared to."""
    place = tmp_path_factory.mktemp("leaderboard")
    with pytest.MonkeyPatch.context() as patch, cluster(cpus=1):
        patch.setenv("LENS_NAS_CACHE", str(place / "cache"))
        patch.chdir(place)
        searched(RUNS / "search", measured(Path("data"), images=240), target=TARGET)
        api.leaderboard(models="test_resnet", random=0, seeds=2, **QUICK)
        yield place


def judged(board: Board, name: str) -> tuple[np.ndarray[Any, Any], list[np.ndarray[Any, Any]]]:
    """Return the true numbers of the test images, and what each training read off them."""
    (row,) = [row for row in board.rows if row.name == name]
    tables = [pd.read_parquet(OUT / training.predictions) for training in row.trainings]
    return tables[0]["true"].to_numpy(), [table["predicted"].to_numpy() for table in tables]


def test_rows_are_judged_by_r2_and_compared_on_the_same_resamples(place: Path) -> None:
    board = Board.read(OUT)
    assert board.data.target is not None
    assert (board.data.target.title, board.published) == ("log10_axion_mass (log10 eV)", {})
    assert [row.kind for row in board.rows if row.trainings] != []
    found, resnet, mean = (
        next(row for row in board.rows if row.name == name)
        for name in ("found: search", "test_resnet", "mean of training")
    )
    for row in (found, resnet):
        true, predicted = judged(board, row.name)
        scores = row.metrics["test"]
        assert scores["r2"].mean == pytest.approx(np.mean([r2_score(true, p) for p in predicted]))
        assert scores["mae"].mean == pytest.approx(
            np.mean([mean_absolute_error(true, p) for p in predicted])
        )
        assert row.tried.keys() == {"0.001", "0.004"}
        assert row.interval is not None
        assert row.interval[0] < scores["r2"].mean < row.interval[1]
    assert board.best_found == found.name
    compared = resnet.comparison
    assert compared is not None
    assert compared.difference == pytest.approx(resnet.test_score - found.test_score)
    (true, first), (_, second) = judged(board, found.name), judged(board, resnet.name)
    bootstrap = NumberBootstrap(true)
    drawn = bootstrap.r2s(second) - bootstrap.r2s(first)
    assert compared.interval == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))))
    always = score_values(np.full(len(true), board.data.target.mean), true)
    assert mean.test_score == pytest.approx(always.r2)
    assert mean.test_score <= 0


def test_tables_and_page_tell_the_unit(place: Path) -> None:
    table = pd.read_csv(OUT / "leaderboard.csv")
    columns = ["r2", "r2_low", "r2_high", "r2_std", "averaged_r2", "mae", "unit", "validation_r2"]
    assert set(columns) <= set(table.columns)
    assert not {"auc", "accuracy", "wrong"} & set(table.columns)
    assert set(table["unit"]) == {"log10 eV"}
    assert list(table["r2"]) == sorted(table["r2"], reverse=True)
    page = (OUT / "leaderboard.md").read_text()
    for words in ("test R² (95 %)", "MAE, log10 eV", "target: log10_axion_mass (log10 eV)"):
        assert words in page
    assert "AUC" not in page
    html = re.sub(r'"data:[^"]*"', "", (OUT / "report.html").read_text())
    assert "MAE, log10 eV" in html
    assert "AUC" not in html
    assert (OUT / "figures" / "scatter.png").stat().st_size
    assert not (OUT / "figures" / "roc.png").exists()
    (step,) = next_steps(OUT)
    assert step.startswith("Read log10_axion_mass off images with ")


def test_it_goes_on_and_trains_nothing_again(place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in OUT.glob("trainings/*/*.json")}
    board = api.leaderboard(models="test_resnet", random=0, seeds=2, sort="mae", **QUICK)
    assert {path: path.stat().st_mtime_ns for path in OUT.glob("trainings/*/*.json")} == before
    maes = list(board.table["mae"])
    assert maes == sorted(maes)
    assert "r2_low" in board._repr_html_()


def test_targets_are_not_mixed(place: Path) -> None:
    other: dict[str, Any] = {**REGRESSION, "target": "axion_mass"}
    with pytest.raises(UserError, match="searched for networks of log10_axion_mass, not of axion_"):
        compare_networks(settings(**other))
    with pytest.raises(UserError, match="is the leaderboard of another target: give another dir"):
        compare_networks(settings(**other, data="data"))
    with pytest.raises(UserError, match="--label-smoothing is for classes"):
        compare_networks(settings(label_smoothing=0.1, out="smooth"))
    with pytest.raises(UserError, match="has no table of parameters"):
        compare_networks(settings(**REGRESSION, data=folder(Path("plain")), out="plain-board"))
    with pytest.raises(UserError, match="--sort auc is no column of numbers: give one of r2, "):
        compare_networks(settings(sort="auc", out="sorted"))
    assert not any(Path(name).exists() for name in ("smooth", "plain-board", "sorted"))
    searched(Path("classes"), Path("data"))
    with pytest.raises(UserError, match=r"classes searched for networks of classes, and .* at a t"):
        find_runs([RUNS / "search", Path("classes")], None, ReadOptions())


def test_a_search_for_something_else_is_left_out(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, _, runs = find_runs([], Path("data"), ReadOptions())
    assert (images.target, runs) == (None, [])
    said = capsys.readouterr().err
    assert "was for networks of log10_axion_mass: its network is left out" in said
