"""Comparisons of the API: retrained networks, the leaderboard, fidelity and reports."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import nas.api.comparisons
from nas import api
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.data import LensDataset
from nas.retrain.retrained import Retrained
from nas.training.networks.loading import load_network
from search_spaces import HybridNet
from tests.folders import folder
from tests.nas.report.made import make_run
from tests.nas.search.runs import LINES, searched

QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 16, "track": "none"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LensDataset:
    monkeypatch.chdir(tmp_path)
    return api.open_data(folder(tmp_path / "data"))


def test_what_a_search_found_is_retrained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    data = api.open_data(_with_two_classes_alike(tmp_path / "data"))
    searched(tmp_path / "run", data.directory)
    retrained = api.retrain(tmp_path / "run", top=2, seeds=2, device="cpu", **QUICK)
    scores = retrained.scores
    assert sorted({line for line, _ in scores.index}) == sorted(LINES)
    assert list(scores.index.get_level_values("seed")) == [0, 1, 0, 1]
    means = scores.groupby("architecture", sort=False)["validation_auc"].mean()
    assert means.is_monotonic_decreasing
    # Validation chooses among the seeds too.
    best = retrained.summaries[0]
    aucs = scores.loc[best.architecture, "validation_auc"]
    assert retrained.checkpoint.parent.name == f"seed-{aucs.idxmax()}"
    assert isinstance(retrained.network, HybridNet)
    test = data.splits().test
    right = retrained.classifier.predict(data.images[test]) == [
        data.classes[label] for label in data.labels[test]
    ]
    seed = int(aucs.idxmax())
    assert right.mean() == pytest.approx(scores.loc[(best.architecture, seed), "test_accuracy"])
    assert f"{scores.loc[best.architecture, 'test_auc'].mean():.4f} ± " in repr(retrained)
    assert retrained._repr_html_().count("<tr") >= 5
    explained(retrained, test)


def _with_two_classes_alike(path: Path) -> Path:
    """Write images of which some must be classified wrongly."""
    for image in folder(path).glob("axion/*.npy"):
        np.save(image, np.load(image) - 1)
    return path


def explained(retrained: Retrained, test: npt.NDArray[np.int64]) -> None:
    """Check that the best network's mistakes are told, counted and drawn."""
    data = retrained.data
    told = retrained.predictions
    assert sorted(told.index) == sorted(test)
    assert list(told["class"]) == [data.classes[label] for label in data.labels[told.index]]
    again = retrained.classifier.predict(data.images[told.index])
    assert list(told["predicted"]) == list(again)
    assert told[list(data.classes)].sum(axis=1).to_numpy() == pytest.approx(1)
    confusion = retrained.confusion
    assert confusion.loc["subhalo", "vortex"] == sum(
        (told["class"] == "subhalo") & (told["predicted"] == "vortex")
    )
    assert confusion.to_numpy().sum() == len(test)
    wrong = told[told["class"] != told["predicted"]]
    shown = retrained.plot_mistakes(count=2)
    titles = [axes.get_title() for axes in shown.axes if axes.get_title()]
    surest = wrong.loc[wrong[list(data.classes)].max(axis=1).idxmax()]
    assert len(titles) == 2
    assert titles[0].startswith(f"{surest['class']}\ntaken for\n{surest['predicted']}")
    for figure in (shown, retrained.plot_confusion(), retrained.plot_roc()):
        assert figure._repr_png_().startswith(b"\x89PNG")


def test_where_nothing_is_wrong_or_known_nothing_is_drawn(data: LensDataset) -> None:
    retrained = api.retrain(
        data=data, architecture="symmetric_tiny", seeds=1, device="cpu", **QUICK
    )
    file = retrained.checkpoint.with_name("predictions.parquet")
    right = pd.read_parquet(file)
    right[list(data.classes)] = pd.get_dummies(right["label"])[list(data.classes)].astype(float)
    right.to_parquet(file)
    with pytest.raises(UserError, match="no test image was classified wrongly"):
        retrained.plot_mistakes()
    file.unlink()
    with pytest.raises(UserError, match=r"predictions\.parquet is missing: remove "):
        api.retrain(  # reads what is finished
            data=data, architecture="symmetric_tiny", seeds=1, device="cpu", **QUICK
        ).plot_confusion()


def test_an_architecture_is_retrained_on_arrays(data: LensDataset) -> None:
    arrays = api.from_arrays(data.images, data.labels, classes=("x", "y", "z"))
    retrained = api.retrain(
        data=arrays, architecture="symmetric_tiny", seeds=1, device="cpu", **QUICK
    )
    assert retrained.classifier.classes == ("x", "y", "z")
    assert load_network(retrained.checkpoint)[1].classes == ("x", "y", "z")


@pytest.fixture
def ray() -> Iterator[None]:
    with cluster(cpus=1):
        yield


def test_a_leaderboard_is_a_table_and_a_page(
    data: LensDataset, ray: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Path("page.html")
    page.write_text('<p class="a">board</p>')
    monkeypatch.setattr(nas.api.comparisons, "write_page", lambda board, out: page)
    board = api.leaderboard(
        data,
        models="test_resnet",
        architecture="symmetric_tiny",
        random=0,
        seeds=1,
        learning_rates="1",
        latency_batch=2,
        workers=1,
        gpus_per_trial=0.0,
        **QUICK,
    )
    table = board.table.set_index("network")
    assert set(table.index) >= {"test_resnet", "chance"}
    assert table.loc["chance", "auc"] == 0.5
    assert board.board.ranks.keys() == set(table.index[table["rank"].notna()])
    assert "test_resnet" in board._repr_html_()
    assert repr(board) == "Leaderboard(2 networks; results/runs/leaderboard)"
    assert "&lt;p class=&quot;a&quot;&gt;board" in board.report._repr_html_()


def test_a_report_is_shown_in_a_frame(data: LensDataset, tmp_path: Path) -> None:
    make_run(tmp_path / "run", data.directory)
    page = api.report(tmp_path / "run", out=tmp_path / "page")
    assert page.path == tmp_path / "page" / "report.html"
    assert page._repr_html_().startswith('<iframe srcdoc="&lt;!')


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda data: api.retrain("nowhere"), "nowhere is not the directory of a search"),
        (lambda data: api.retrain(), "no search in results/runs has found anything"),
        (lambda data: api.retrain(data=data, seeds=0), "^seeds 0 cannot be used"),
        (lambda data: api.leaderboard("nowhere"), "nowhere does not exist"),
        (lambda data: api.leaderboard(data, models="ResNet-81"), "ResNet-81"),
        (lambda data: api.fidelity(data), "^supernet is missing"),
        (lambda data: api.fidelity(data, supernet="nowhere"), "there is no checkpoint nowhere"),
        (lambda data: api.report("nowhere"), "nowhere is no directory"),
    ],
)
def test_mistakes_are_exceptions(data: LensDataset, call: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        call(data)
