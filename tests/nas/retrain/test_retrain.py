"""``python -m nas.retrain``: what it trains and writes, when the test split is read, going on."""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest
import torch

import search_spaces
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.options import ReadOptions
from nas.data.tensors import LensTensors
from nas.predict.command import ask_network
from nas.predict.settings import ClassifySettings
from nas.retrain.command import run as retrain
from nas.retrain.settings import RetrainSettings
from nas.search.run_directory import RunDirectory
from nas.search.winners import Winners
from nas.training.evaluation import class_probabilities, evaluate
from nas.training.images import TrainingImages
from nas.training.networks.averaging import SymmetryAverage
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
from nas.training.networks.loading import load_network
from nas.training.supernet.training import SupernetCard
from nas.training.temperature import fit_temperature
from search_spaces import SpaceError
from tests.folders import folder
from tests.nas.search.runs import LINES, SPACE, searched

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16, "device": "cpu"}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return folder(tmp_path / "data")


def share(run: RunDirectory, data: Path) -> dict[str, torch.Tensor]:
    """Give the run a supernet."""
    images = TrainingImages.open(data, ReadOptions())
    card = SupernetCard(images.card(SPACE.name))
    supernet = card.build(seed=3)
    run.supernet.parent.mkdir()
    about = {"data": images.dataset.fingerprint, "supernet": card.to_json()}
    save_checkpoint(run.supernet, supernet.state_dict(), about)
    return search_spaces.extract(supernet, SPACE.smallest).state_dict()


def check_training(directory: Path, data: Path) -> dict[str, Any]:
    """The weights must give the predictions on the test images, and these must give the scores."""
    result: dict[str, Any] = json.loads((directory / "result.json").read_text())
    model, card = load_network(directory / "model.safetensors")
    dataset = open_dataset(data)
    val, test = dataset.splits().val, dataset.splits().test
    table = pd.read_parquet(directory / "predictions.parquet")
    assert list(table["file"]) == list(dataset.table["file"].iloc[test])
    assert list(table["label"]) == [card.classes[label] for label in dataset.labels[test]]
    expected = class_probabilities(model, LensTensors.load(dataset, test, card.normalisation))
    np.testing.assert_allclose(table[list(card.classes)], expected, atol=1e-6)
    accuracy = (table[list(card.classes)].idxmax(axis=1) == table["label"]).mean()
    assert result["test"]["accuracy"] == pytest.approx(accuracy)
    assert result["images"]["test"] == len(test)
    tensors = LensTensors.load(dataset, test, card.normalisation)
    averaged = evaluate(SymmetryAverage(model), tensors).auc
    assert result["test"]["averaged_auc"] == pytest.approx(averaged, abs=1e-6)
    # The temperature is that of validation images: the test images choose nothing.
    told = class_probabilities(model, LensTensors.load(dataset, val, card.normalisation))
    fitted = fit_temperature(dataset.labels[val], told)
    assert result["temperature"] == pytest.approx(fitted, rel=0.01)
    return result


def test_the_best_of_the_newest_run(run: Callable[..., Any], tmp_path: Path, data: Path) -> None:
    for name in ("older", "newer"):
        searched(tmp_path / "results" / "runs" / name, data)
    done = run("nas.retrain", "--seeds", 2, "--epochs", 2, "--batch-size", 16, "--device", "cpu")
    assert done.returncode == 0, done.stderr
    assert "splits that the data lack, made from seed 0: train, val, test" in done.stderr
    (summary,) = tmp_path.glob("results/runs/newer/retrain/*/summary.json")
    values = json.loads(summary.read_text())
    results = [check_training(summary.parent / f"seed-{seed}", data) for seed in (0, 1)]
    aucs = [result["test"]["auc"] for result in results]
    assert values["test"]["auc"] == {
        "mean": np.mean(aucs),
        "std": pytest.approx(np.std(aucs, ddof=1)),
    }
    assert f"{np.mean(aucs):.4f} ± {np.std(aucs, ddof=1):.4f}" in done.stdout
    everywhere = np.mean([result["test"]["averaged_auc"] for result in results])
    assert f"averaged over the symmetries of the image: {everywhere:.4f} ± " in done.stdout
    assert values["model"]["architecture"] == LINES[0]
    assert values["params"] == search_spaces.params(SPACE.smallest)
    about = load_checkpoint(summary.parent / "seed-0" / "model.safetensors").about
    assert {"architecture", "classes", "normalisation"} <= about["model"].keys()


def test_a_data_set_that_was_moved_is_read_as_the_search_read_it(
    tmp_path: Path, data: Path
) -> None:
    searched(tmp_path / "run", data, crop=40)
    data.rename(tmp_path / "moved")
    with pytest.raises(UserError, match=r"data is gone, .* searched with: say where with --data"):
        Winners.from_run(tmp_path / "run", 1, None, None)
    chosen = Winners.from_run(tmp_path / "run", 1, None, tmp_path / "moved")
    assert chosen.images.dataset.images.shape[2:] == (40, 40)


def test_several_architectures(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    searched(tmp_path / "run", data)
    retrain(RetrainSettings(run=tmp_path / "run", top=5, seeds=1, **QUICK))
    output = capsys.readouterr()
    assert "has 2 finished candidates, not 5" in output.err
    assert all(line in output.out for line in LINES)
    assert len(list(tmp_path.glob("run/retrain/*/seed-0/result.json"))) == 2
    for run_next in (
        "nas.predict --checkpoint",
        "nas.export --checkpoint",
        f"nas.report {tmp_path / 'run'}",
        f"baselines.leaderboard --run {tmp_path / 'run'}",
    ):
        assert f"  python -m {run_next}" in output.err


def test_results_of_earlier_versions_have_no_temperature(tmp_path: Path, data: Path) -> None:
    settings = RetrainSettings(architecture="free_mbconv", data=data, seeds=1, **QUICK)
    retrain(settings)
    (file,) = Path("results/runs/retrain").glob("*/seed-0/result.json")
    values = json.loads(file.read_text())
    del values["temperature"]
    file.write_text(json.dumps(values))
    before = file.stat().st_mtime_ns
    retrain(settings)
    assert file.stat().st_mtime_ns == before  # the training is not judged again
    checkpoint = file.with_name("model.safetensors")
    calibrated = ClassifySettings(checkpoint=checkpoint, data=data, calibrated=True)
    with pytest.raises(UserError, match=r"has no temperature, .*: remove it, and the command that"):
        ask_network(calibrated)
    file.unlink()
    retrain(settings)
    assert json.loads(file.read_text())["temperature"] > 0
    ask_network(calibrated)


def test_the_interval_of_the_test_auc_is_told(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    retrain(RetrainSettings(architecture="free_mbconv", data=data, seeds=1, **QUICK))
    output = capsys.readouterr().out
    found = re.search(r"95 % interval (\S+) to (\S+) over the images; chance is 0.5", output)
    (result,) = Path("results/runs/retrain").glob("*/seed-0/result.json")
    auc = json.loads(result.read_text())["test"]["auc"]
    assert found is not None
    assert float(found[1]) <= auc <= float(found[2])
    assert "nas.report" not in output  # there is no search to report


def test_the_test_split_is_read_once(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    test = TrainingImages.test
    monkeypatch.setattr(
        TrainingImages, "test", lambda *arguments: reads.append(1) or test(*arguments)
    )
    settings = RetrainSettings(architecture="free_mbconv", data=data, seeds=2, **QUICK)
    retrain(settings)
    retrain(settings)
    assert len(reads) == 2


def test_weights_from_the_supernet(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inherited = share(searched(tmp_path / "run", data), data)
    first: list[dict[str, torch.Tensor]] = []

    def remember(_: Any, model: Any, *__: Any, **___: Any) -> Any:
        first.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        raise KeyboardInterrupt

    monkeypatch.setattr("nas.retrain.command.train_and_test", remember)
    for init in ("supernet", "scratch"):
        with pytest.raises(KeyboardInterrupt):
            retrain(RetrainSettings(run=tmp_path / "run", init=init, **QUICK))
    assert all(torch.equal(first[0][name], tensor) for name, tensor in inherited.items())
    assert not all(torch.equal(first[1][name], tensor) for name, tensor in inherited.items())


def test_killed_and_continued(tmp_path: Path, data: Path) -> None:
    """A run that was killed in the second training comes to all that an unbroken one does."""
    for name in ("killed", "unbroken"):
        searched(tmp_path / name, data)
    settings = {"epochs": 6, "batch_size": 16, "seeds": 2, "device": "cpu"}
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "nas.retrain", f"--run={tmp_path / 'killed'}", *flags]
    )
    while not list(tmp_path.glob("killed/retrain/*/seed-1/log.csv")) and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert len(list(tmp_path.glob("killed/retrain/*/seed-*/result.json"))) == 1
    for name in ("killed", "unbroken"):
        retrain(RetrainSettings(run=tmp_path / name, **settings))
    for seed in (0, 1):
        (killed,) = tmp_path.glob(f"killed/retrain/*/seed-{seed}")
        unbroken = tmp_path / "unbroken" / killed.relative_to(tmp_path / "killed")
        assert (killed / "predictions.parquet").read_bytes() == (
            unbroken / "predictions.parquet"
        ).read_bytes()
        weights = [
            load_checkpoint(place / "model.safetensors").tensors for place in (killed, unbroken)
        ]
        assert all(torch.equal(weights[0][name], tensor) for name, tensor in weights[1].items())


def test_tuning_goes_on_and_begins_with_the_recipe(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = {"architecture": LINES[0], "data": data, "seeds": 1, **QUICK, "epochs": 1}
    with cluster(cpus=1):
        retrain(RetrainSettings(**settings, tune=1))
        retrain(RetrainSettings(**settings, tune=2))
    assert "tuning the recipe 2 trainings, 1 of them done before" in capsys.readouterr().err
    (study_file,) = tmp_path.glob("results/runs/retrain/recipe-*/study.db")
    study = optuna.load_study(study_name="recipe", storage=f"sqlite:///{study_file}")
    assert len(study.trials) == 2
    assert study.trials[0].params["learning_rate"] == RetrainSettings(**settings).learning_rate
    assert len({trial.params["noise"] for trial in study.trials}) == 2
    recipes = [
        json.loads(path.read_text())["recipe"]
        for path in tmp_path.glob("results/runs/retrain/*/summary.json")
    ]
    assert study.best_params["learning_rate"] in [recipe["learning_rate"] for recipe in recipes]


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"seeds": 0}, "--seeds 0 cannot be used: give 1 or more"),
        ({"tune": -1}, "--tune -1 cannot be used"),
        ({"run": Path("nowhere")}, "nowhere is not the directory of a search"),
        ({}, "no search in results/runs has found anything yet: run python -m nas.search"),
        ({"architecture": "free_mbconv"}, "--data is missing"),
        (
            {"architecture": "free_mbconv", "init": "supernet"},
            "--init supernet needs the supernet of a search",
        ),
        ({"architecture": "mbconv", "data": Path("data")}, "free_mbconv"),
        (
            {"run": Path("run"), "init": "supernet"},
            "there is no supernet of run: train with --init scratch",
        ),
        (
            {"run": Path("run"), "data": Path("other")},
            "other is not the data set that run searched with",
        ),
        (
            {"run": Path("run"), "data": Path("nowhere")},
            "nowhere is gone, .*: say where with --data",
        ),
        ({"run": Path("empty")}, "empty has found nothing yet"),
    ],
)
def test_mistakes(tmp_path: Path, data: Path, settings: dict[str, Any], sentence: str) -> None:
    searched(tmp_path / "run", data)
    (tmp_path / "empty").mkdir()
    RunDirectory(tmp_path / "empty").write_config({})
    folder(tmp_path / "other", size=48)
    with pytest.raises((UserError, SpaceError), match=sentence):
        retrain(RetrainSettings(**{**QUICK, **settings}))
    assert not list(tmp_path.glob("**/state.safetensors"))


@pytest.mark.parametrize(
    ("size", "channels", "classes", "sentence"),
    [(48, 1, 3, "image_size"), (32, 3, 3, "in_chans"), (32, 1, 2, "classes")],
)
def test_a_supernet_for_other_images(
    tmp_path: Path, data: Path, size: int, channels: int, classes: int, sentence: str
) -> None:
    run = searched(tmp_path / "run", data)
    share(run, folder(tmp_path / "other", size=size, channels=channels, classes=classes))
    with pytest.raises(
        UserError, match=f"is a supernet with {sentence} .*: train with --init scratch"
    ):
        retrain(RetrainSettings(run=run.path, init="supernet", **QUICK))


def test_a_test_split_that_lacks_a_class(tmp_path: Path, data: Path) -> None:
    for name in ("no_sub", "cdm", "axion"):
        (tmp_path / "split" / "train").mkdir(parents=True, exist_ok=True)
        (data / name).rename(tmp_path / "split" / "train" / name)
    for name in ("no_sub", "cdm"):
        (tmp_path / "split" / "test" / name).mkdir(parents=True)
        np.save(
            tmp_path / "split" / "test" / name / "0.npy",
            np.random.default_rng(1).random((1, 32, 32)),
        )
    with pytest.raises(UserError, match="no ROC curve without images of vortex"):
        retrain(RetrainSettings(architecture="free_mbconv", data=tmp_path / "split", **QUICK))
