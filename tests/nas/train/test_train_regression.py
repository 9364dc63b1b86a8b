"""``python -m nas.train --task regression`` reads a number off images; classes are as ever."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import r2_score

from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions
from nas.data.targets import read_target
from nas.train.command import train_network
from nas.train.settings import TrainSettings
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
from nas.training.networks.loading import load_network
from nas.training.recipe import Recipe
from nas.training.regression import predicted_values
from nas.training.spec import TrainingSpec
from tests.folders import folder
from tests.measured import REGRESSION, measured

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16, "device": "cpu"}
TRAINING: dict[str, Any] = {**REGRESSION, **QUICK, "architecture": "symmetric_tiny"}


def test_the_command(run: Callable[..., Any], tmp_path: Path) -> None:
    measured(tmp_path / "data", images=180)
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in TRAINING.items()]
    done = run("nas.train", *flags, "--data", "data", "--run", "out", "--epochs", 3)
    assert done.returncode == 0, done.stderr
    assert (
        "120 of 180 images have no log10_axion_mass and are left out: 60 no_substructure, 60 subh"
    ) in done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    best = result["best"]["val"]
    assert best.keys() == {"r2", "mae"}
    assert done.stdout.startswith(
        f"validation R² {best['r2']:.4f}, mean absolute error {best['mae']:.4g} log10 eV, epoch "
    )
    assert done.stdout.endswith("chose the epoch; the mean of all images has 0\n")
    assert "nas.predict --checkpoint out/model.safetensors" in done.stderr
    assert "nas.export" not in done.stderr
    assert result["images"] == {"train": 42, "val": 9, "made": ["train", "val", "test"]}
    # A symmetric network has what its average has.
    assert result["averaged_r2"] == pytest.approx(best["r2"], abs=1e-4)
    with (tmp_path / "out" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert max(float(row["val_r2"]) for row in rows) == pytest.approx(best["r2"])


def test_the_checkpoint_gives_numbers_in_the_targets_unit(tmp_path: Path) -> None:
    data = measured(tmp_path / "data")
    trained = train_network(TrainSettings(**TRAINING, data=data, run=tmp_path / "out"))
    network, card = load_network(trained.checkpoint)
    dataset = open_dataset(data)
    values, _ = read_target(dataset, "log10_axion_mass")
    splits, known = dataset.splits(), np.isfinite(values)
    train, val = splits.train[known[splits.train]], splits.val[known[splits.val]]
    assert card.classes == ()
    assert card.target is not None
    assert card.target.mean == pytest.approx(values[train].mean())
    assert card.target.spread == pytest.approx(values[train].std())
    assert card.normalisation == Normalisation.fit(dataset.images, train)
    images = TrainingImages.open(data, ReadOptions(), "log10_axion_mass")
    r2 = r2_score(values[val], predicted_values(network, images.val()))
    assert trained.scores["r2"] == pytest.approx(r2, abs=1e-5)
    low, high = trained.interval
    assert low < r2 < high
    # The same call reads what is finished.
    again = train_network(TrainSettings(**TRAINING, data=data, run=tmp_path / "out"))
    assert again.scores == trained.scores


def test_a_model_of_timm_reads_numbers_too(tmp_path: Path) -> None:
    settings = TrainSettings(
        model="test_resnet",
        data=measured(tmp_path / "data"),
        run=tmp_path / "out",
        **REGRESSION,
        **QUICK,
    )
    trained = train_network(settings)
    assert trained.network.num_classes == 1
    assert "validation R² " in repr(trained)


def test_another_target_is_another_training(tmp_path: Path) -> None:
    data = measured(tmp_path / "data")
    train_network(TrainSettings(**TRAINING, data=data, run=tmp_path / "out"))
    for other in ({"target": "axion_mass"}, {"task": "classification", "target": None}):
        with pytest.raises(UserError, match="out holds a training with model"):
            train_network(TrainSettings(**{**TRAINING, **other}, data=data, run=tmp_path / "out"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"target": None}, "--task regression needs the number to learn"),
        ({"task": "classification"}, "classes are learned without --task regression"),
        ({"target": "axion"}, "has no number --target axion; did you mean axion_mass?"),
        ({"target": "vortex_mass"}, "is the same in all 28 training images that have it"),
        ({"label_smoothing": 0.1}, "--label-smoothing is for classes"),
    ],
)
def test_mistakes(tmp_path: Path, settings: dict[str, Any], sentence: str) -> None:
    data = measured(tmp_path / "data")
    with pytest.raises(UserError, match=sentence):
        train_network(TrainSettings(**{**TRAINING, **settings}, data=data, run=tmp_path / "out"))
    assert not (tmp_path / "out" / "state.safetensors").exists()


def test_a_mistake_is_one_sentence(fails: Callable[..., str], tmp_path: Path) -> None:
    folder(tmp_path / "folder")
    asked = ("--task", "regression", "--target", "axion_mass", "--architecture", "symmetric_tiny")
    assert "folder has no table of parameters, of which --target is a column" in fails(
        "nas.train", *asked, "--data", "folder"
    )
    assert not (tmp_path / "results").exists()


def test_a_split_without_the_target(tmp_path: Path) -> None:
    """Of three images of a split one is a vortex, and one image has no R²."""
    data = measured(tmp_path / "data", images=18)
    with pytest.raises(UserError, match="no R² of 1 images without two different values"):
        train_network(TrainSettings(**TRAINING, data=data, run=tmp_path / "out"))
    table = pd.read_parquet(data / "parameters.parquet")
    table.loc[open_dataset(data).splits().train, "axion_mass"] = np.nan
    table.to_parquet(data / "parameters.parquet")
    with pytest.raises(UserError, match="is the same in all 0 training images that have it"):
        train_network(TrainSettings(**TRAINING, data=data, run=tmp_path / "out"))


def test_a_card_is_of_classes_or_of_a_target(tmp_path: Path) -> None:
    trained = train_network(
        TrainSettings(**TRAINING, data=measured(tmp_path / "data"), run=tmp_path / "out")
    )
    checkpoint = load_checkpoint(trained.checkpoint)
    card = checkpoint.about["model"]
    for wrong in (
        {"classes": ["a", "b"]},
        {"target": None},
        {"target": {**card["target"], "spread": 0.0}},
    ):
        about = {**checkpoint.about, "model": {**card, **wrong}}
        save_checkpoint(trained.checkpoint, checkpoint.tensors, about)
        with pytest.raises(UserError, match="says of its network is damaged"):
            load_network(trained.checkpoint)


def test_a_classification_is_called_what_it_was_called_before_there_were_targets() -> None:
    scale = Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
    card = ModelCard("test_resnet", None, ("no_substructure", "vortex"), 1, (32, 32), scale)
    assert "target" not in card.to_json()
    spec = TrainingSpec(data="0123abcd", card=card, recipe=Recipe(epochs=2), seed=0)
    assert spec.digest == "6fb60a4b346bbdbf"


def test_a_classification_of_the_same_images_leaves_none_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = measured(tmp_path / "data")
    settings = {**QUICK, "architecture": "symmetric_tiny", "data": data, "run": tmp_path / "out"}
    trained = train_network(TrainSettings(**settings))
    assert trained.averaged_auc == trained.scores["averaged_auc"]
    assert trained.card.classes == ("no_substructure", "subhalo", "vortex")
    assert "left out" not in capsys.readouterr().err
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["model"].keys() == {
        "model",
        "architecture",
        "classes",
        "in_chans",
        "image_size",
        "normalisation",
        "resized_to",
    }
