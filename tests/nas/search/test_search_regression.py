"""A search for networks that read a number off images, by R², and what is retrained of it."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from nas import api
from nas.common.errors import UserError
from nas.report.report import write_report
from nas.retrain.command import retrain_architectures
from nas.retrain.command import run as retrain
from nas.retrain.settings import RetrainSettings
from nas.search.command import run as search
from nas.search.found import read_found
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, resumed
from nas.search.storage import read_study
from tests.folders import folder
from tests.measured import REGRESSION, measured

pytestmark = pytest.mark.usefixtures("running")

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> RunDirectory:
    """Search a little, with finals."""
    place = tmp_path_factory.mktemp("regression")
    settings: dict[str, Any] = {**REGRESSION, **QUICK, "workers": 2, "track": "none"}
    search(
        SearchSettings(
            **settings,
            data=measured(place / "data", images=180),
            run=place / "run",
            trials=4,
            final_epochs=3,
        )
    )
    return RunDirectory.open(place / "run")


def test_r2_decides_what_is_found(found: RunDirectory) -> None:
    best, candidates = read_found(found)
    assert (best.objectives, best.target) == (("r2",), "log10_axion_mass")
    assert best.winner.auc is None
    complete = [item for item in candidates if item.state == "complete"]
    assert complete
    assert all(item.auc is None and item.scores.keys() == {"r2", "mae"} for item in complete)
    assert best.finals is not None
    first, *others = best.finals.finalists
    assert len(first.r2) == 2
    assert first.aucs == ()
    assert all(np.mean(first.r2) >= np.mean(other.r2) for other in others)
    assert best.winner.number == best.finals.recommended
    study = read_study(found.study(None))
    assert study.metric_names == ["r2"]
    values = {trial.number: trial.value for trial in study.get_trials()}
    assert all(values[item.number] == item.score for item in complete)
    text = json.loads(found.best_file.read_text())
    assert "validation_auc" not in text
    assert text["validation_r2"] == best.winner.score


def test_the_search_goes_on_with_its_target(found: RunDirectory) -> None:
    before = len(found.candidates())
    with pytest.raises(UserError, match="was begun with --task regression, not classification"):
        resumed(found.path, task="classification", target=None, objectives=("auc",))
    search(resumed(found.path, trials=5))
    assert len(found.candidates()) == before + 1
    assert found.config()["target"] == "log10_axion_mass"


def test_what_is_found_is_trained_whole_and_judged(
    found: RunDirectory, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = RetrainSettings(run=found.path, seeds=2, device="cpu", **QUICK)
    retrain(settings)
    output = capsys.readouterr()
    assert "validation R²" in output.out
    assert "test MAE, log10" in output.out
    assert "the mean of all images has 0" in output.out
    assert "Read log10_axion_mass off images" in output.err
    retrained = retrain_architectures(settings)
    (summary,) = retrained.summaries
    for training in summary.scores.trainings:
        file = summary.directory / f"seed-{training.seed}" / "predictions.parquet"
        table = pd.read_parquet(file)
        assert list(table.columns) == ["file", "row", "true", "predicted"]
        assert len(table) == 9
        assert training.test["r2"] == pytest.approx(r2_score(table["true"], table["predicted"]))
        assert training.test["mae"] == pytest.approx(
            mean_absolute_error(table["true"], table["predicted"])
        )
        # The network that is found may be symmetric, and then has what its average has.
        assert training.test["averaged_r2"] <= 1
        rows = retrained.data.parameters.iloc[table["row"]]
        np.testing.assert_allclose(table["true"], np.log10(rows["axion_mass"]))
    low, high = summary.test_interval()
    assert low < summary.scores.spread("test", "r2")[0] < high
    assert "test R² " in repr(retrained)
    best = max(summary.scores.trainings, key=lambda training: training.validation["r2"])
    assert f"seed-{best.seed}" in str(retrained.checkpoint)
    assert retrained.network.num_classes == 1
    numbers = retrained.predictions
    assert list(numbers.columns) == ["true", "predicted"]
    masses = retrained.data.parameters["axion_mass"][numbers.index]
    np.testing.assert_allclose(numbers["true"], np.log10(masses))
    assert best.test["r2"] == pytest.approx(r2_score(numbers["true"], numbers["predicted"]))
    (axes,) = retrained.plot_numbers().axes
    assert axes.get_ylabel() == "predicted log10_axion_mass (log10 eV)"
    with pytest.raises(UserError, match="tell no classes apart"):
        _ = retrained.confusion
    html = re.sub(r'"data:[^"]*"', "", write_report(found.path).read_text())
    assert "test MAE, log10 eV" in html
    assert "AUC" not in html
    figures = {path.stem for path in (found.path / "figures").glob("*.png")}
    assert {"scatter", "search", "costs"} <= figures
    assert not {"roc", "confusion", "reliability"} & figures


def test_a_run_knows_its_target(found: RunDirectory) -> None:
    with pytest.raises(UserError, match="searched for networks of log10_axion_mass, not of axion_"):
        retrain(RetrainSettings(run=found.path, task="regression", target="axion_mass", **QUICK))
    with pytest.raises(UserError, match="--label-smoothing is for classes"):
        retrain(RetrainSettings(run=found.path, label_smoothing=0.1, **QUICK))
    with pytest.raises(UserError, match=r"there is no supernet of .*: train with --init scratch"):
        retrain(RetrainSettings(run=found.path, init="supernet", **QUICK))


def test_an_architecture_of_ones_own_with_a_recipe_that_is_tried(tmp_path: Path) -> None:
    retrained = api.retrain(
        architecture="symmetric_tiny",
        data=measured(tmp_path / "data"),
        seeds=1,
        tune=2,
        device="cpu",
        **REGRESSION,
        **QUICK,
    )
    assert {"validation_r2", "test_mae", "test_averaged_r2"} <= set(retrained.scores.columns)
    assert retrained.regressor.target.name == "log10_axion_mass"


def test_several_objectives(tmp_path: Path) -> None:
    found = api.search(
        measured(tmp_path / "data"),
        objectives=("r2", "params"),
        strategy="random",
        fidelity="scratch",
        trials=3,
        run=tmp_path / "run",
        track="none",
        **REGRESSION,
        **QUICK,
    )
    r2 = list(found.pareto["scores.r2"])
    assert r2 == sorted(r2, reverse=True)
    assert "validation R² " in repr(found)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fidelity": "inherit"}, "--fidelity inherit inherits the weights of a supernet, which l"),
        ({"fidelity": "finetune"}, "give --fidelity funnel or scratch with --task regression"),
        ({"supernet": "supernet"}, "--fidelity inherit inherits the weights of a supernet"),
        ({"objectives": ("auc",)}, "--objectives auc cannot be used: give r2, and any of params"),
        ({"objectives": ("auc", "params")}, "give r2, and any of params, flops, latency, separ"),
        ({"objectives": ("r2", "ece")}, "--objectives r2,ece cannot be used"),
        ({"label_smoothing": 0.1}, "--label-smoothing is for classes"),
    ],
)
def test_what_a_regression_is_not_searched_by(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        SearchSettings(**REGRESSION, **settings)


def test_classes_are_not_searched_by_r2() -> None:
    with pytest.raises(UserError, match="give auc, and any of params, flops, latency, macro"):
        SearchSettings(objectives=("auc", "r2"))


def test_data_without_the_target_leave_no_run(tmp_path: Path) -> None:
    settings = SearchSettings(**REGRESSION, data=folder(tmp_path / "data"), run=tmp_path / "run")
    with pytest.raises(UserError, match="has no table of parameters"):
        search(settings)
    assert not (tmp_path / "run").exists()
