"""``python -m nas.predict`` with a network that reads a number off images, in its own unit."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

from nas import api
from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.options import ReadOptions
from nas.data.targets import Target, read_target
from nas.predict.command import run as predict
from nas.predict.settings import PredictSettings
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.networks.classifier import Classifier
from nas.training.networks.regressor import Regressor
from nas.training.regression import predicted_values
from tests.measured import measured
from tests.nas.checkpoints import SCALE, checkpoint

LOGS = Target("log10_axion_mass", "log10 eV", mean=-23.0, spread=0.5)
MASSES = Target("axion_mass", "eV", mean=3e-23, spread=2e-23)


def network(path: Path, target: Target = LOGS) -> Regressor:
    """Write an untrained network that reads a number off images."""
    card = ModelCard("test_resnet", None, (), 1, (32, 32), SCALE, target=target)
    model = card.build(seed=1)
    save_checkpoint(path, model.state_dict(), {"model": card.to_json()})
    return Regressor.load(path)


def test_a_simulated_data_set(run: Callable[..., Any], tmp_path: Path) -> None:
    network(tmp_path / "model.safetensors")
    measured(tmp_path / "data")
    done = run("nas.predict", "--checkpoint", "model.safetensors", "--data", "data")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "predictions.csv")
    assert list(table.columns) == ["file", "row", "log10_axion_mass"]
    assert len(table) == 120
    said = table["log10_axion_mass"].to_numpy()
    told, judged = done.stdout.splitlines()
    assert told.startswith("predictions.csv: log10_axion_mass of 120 images, ")
    true, _ = read_target(open_dataset(tmp_path / "data"), "log10_axion_mass")
    known = np.isfinite(true)
    assert judged.startswith(f"R² {r2_score(true[known], said[known]):.4f} (95 % interval ")
    error = LOGS.words(mean_absolute_error(true[known], said[known]))
    assert judged.endswith(
        f"mean absolute error {error} on 40 images, from some of which it may have learned"
    )
    assert "next:" not in done.stderr


def test_numbers_are_those_of_training(tmp_path: Path) -> None:
    data = measured(tmp_path / "data")
    regressor = network(tmp_path / "model.safetensors")
    images = TrainingImages.open(data, ReadOptions(), LOGS.name)
    # The card decides, not what would be fitted on these images.
    own = TrainingImages(images.dataset, images.splits, SCALE, LOGS, images.values)
    table = api.predict(tmp_path / "model.safetensors", data, device="cpu")
    np.testing.assert_allclose(
        table[LOGS.name].iloc[images.splits.val], predicted_values(regressor.network, own.val())
    )
    np.testing.assert_allclose(regressor.predict(images.dataset.images), table[LOGS.name])


def test_small_numbers_keep_their_digits(tmp_path: Path) -> None:
    regressor = network(tmp_path / "model.safetensors", MASSES)
    (tmp_path / "images").mkdir()
    pixels = np.random.default_rng(0).normal(2, 1, (3, 1, 32, 32))
    for number, image in enumerate(pixels):
        np.save(tmp_path / "images" / f"{number}.npy", image)
    predict(
        PredictSettings(
            checkpoint=tmp_path / "model.safetensors",
            data=tmp_path / "images",
            out=tmp_path / "out.csv",
            device="cpu",
        )
    )
    table = pd.read_csv(tmp_path / "out.csv")
    assert list(table.columns) == ["file", "axion_mass"]
    np.testing.assert_allclose(table["axion_mass"], regressor.predict(pixels), rtol=1e-6)


def test_each_split_has_its_own_score(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network(tmp_path / "model.safetensors")
    for split, images in (("train", 12), ("test", 9), ("val", 3)):
        measured(tmp_path / "data" / split, images=images)
    predict(
        PredictSettings(
            checkpoint=tmp_path / "model.safetensors",
            data=tmp_path / "data",
            out=tmp_path / "out.csv",
            device="cpu",
        )
    )
    _, *judged = capsys.readouterr().out.splitlines()
    # The one vortex of the validation images has no R².
    assert [line.rpartition(" on ")[2] for line in judged] == [
        "4 training images, from which it may have learned",
        "3 test images",
    ]


def test_the_average_over_symmetries_is_the_same_for_turned_images(tmp_path: Path) -> None:
    network(tmp_path / "model.safetensors")
    image = np.random.default_rng(0).normal(2, 1, (1, 32, 32))
    averaging = Regressor.load(tmp_path / "model.safetensors", average_symmetries=True)
    plain = Regressor.load(tmp_path / "model.safetensors")
    eight = [turned for one in (image, image[:, ::-1]) for turned in turns(one)]
    said = averaging.predict(np.stack(eight))
    np.testing.assert_allclose(said, plain.predict(np.stack(eight)).mean(), rtol=1e-5)
    assert plain.predict(np.stack(eight)).std() > 1e-5


def turns(image: np.ndarray[Any, Any]) -> list[np.ndarray[Any, Any]]:
    return [np.rot90(image, turn, axes=(-2, -1)).copy() for turn in range(4)]


def test_a_trained_network_is_read_and_used(tmp_path: Path) -> None:
    data = open_dataset(measured(tmp_path / "data", images=240))
    trained = api.train(
        data,
        task="regression",
        target="log10_axion_mass",
        architecture="symmetric_tiny",
        epochs=10,
        batch_size=16,
        learning_rate=0.01,
        device="cpu",
        run=tmp_path / "out",
    )
    values = trained.regressor.predict(data.images)
    true, _ = read_target(data, "log10_axion_mass")
    known = np.isfinite(true)
    assert r2_score(true[known], values[known]) > 0.5
    trained.regressor.save(tmp_path / "copy.safetensors")
    again = api.Regressor.load(tmp_path / "copy.safetensors").predict(data.images)
    np.testing.assert_allclose(again, values, rtol=1e-6)


def test_a_network_is_for_classes_or_for_numbers(fails: Callable[..., str], tmp_path: Path) -> None:
    network(tmp_path / "numbers.safetensors")
    checkpoint(tmp_path / "classes.safetensors")
    with pytest.raises(UserError, match="reads log10_axion_mass off images and tells no classes"):
        Classifier.load(tmp_path / "numbers.safetensors")
    with pytest.raises(UserError, match=r"tells no_substructure, .* apart and reads no number off"):
        Regressor.load(tmp_path / "classes.safetensors")
    assert "this network reads log10_axion_mass off images" in fails(
        "nas.export", "--checkpoint", "numbers.safetensors", "--timm", "folder"
    )
    assert not (tmp_path / "folder").exists()
    asked = ("--checkpoint", "numbers.safetensors", "--data", ".", "--calibrated")
    assert fails("nas.predict", *asked).endswith("tells no classes apart: leave out --calibrated")
