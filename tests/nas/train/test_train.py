"""``python -m nas.train`` trains architectures and timm's models, goes on, and names mistakes."""

import hashlib
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
import pytest
import torch

import search_spaces
from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.data.normalisation import Normalisation
from nas.data.tensors import LensTensors
from nas.train.command import run as train
from nas.train.settings import TrainSettings
from nas.training.evaluation import class_probabilities, evaluate
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
from nas.training.networks.loading import load_network
from nas.training.temperature import fit_temperature
from search_spaces import SpaceError
from tests.folders import folder

QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 16, "device": "cpu"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder(tmp_path / "data")


def check_outcome(directory: Path, data: Path) -> dict[str, Any]:
    """What the run directory says must be what its weights score on the validation images."""
    result: dict[str, Any] = json.loads((directory / "result.json").read_text())
    model, card = load_network(directory / "model.safetensors")
    assert json.loads(json.dumps(card.to_json())) == result["model"]
    dataset = open_dataset(data)
    about = load_checkpoint(directory / "model.safetensors").about
    assert about["data"] == result["data"] == dataset.fingerprint
    assert about["outcome"] == result["best"]
    splits = dataset.splits()
    assert card.normalisation == Normalisation.fit(dataset.images, splits.train)
    val = LensTensors.load(dataset, splits.val, card.normalisation)
    scores = evaluate(model, val)
    assert scores.auc == pytest.approx(result["best"]["val"]["auc"])
    assert scores.loss == pytest.approx(result["best"]["val"]["loss"], rel=1e-4)
    fitted = fit_temperature(val.labels.numpy(), class_probabilities(model, val))
    assert result["temperature"] == pytest.approx(fitted, rel=0.01)
    assert result["parameters"] == sum(weight.numel() for weight in model.parameters())
    return result


def test_an_architecture(run: Callable[..., Any], tmp_path: Path, data: Path) -> None:
    arguments = (
        "--data",
        data,
        "--run",
        "out",
        "--epochs",
        2,
        "--batch-size",
        16,
        "--device",
        "cpu",
    )
    done = run("nas.train", "--architecture", "symmetric_tiny", *arguments)
    assert done.returncode == 0, done.stderr
    assert "lens_nano with 6,977 parameters (untied 55,305), " in done.stderr
    result = check_outcome(tmp_path / "out", data)
    assert done.stdout.startswith(
        f"validation AUC {result['best']['val']['auc']:.4f} (no_substructure "
    )
    assert done.stdout.endswith(
        " over the validation images, which also chose the epoch; chance is 0.5\n"
    )
    interval = re.search(r"95 % interval ([\d.]+) to ([\d.]+) over", done.stdout)
    assert interval is not None
    assert float(interval[1]) <= round(result["best"]["val"]["auc"], 4) <= float(interval[2])
    then = done.stderr.partition("next:\n")[2]
    assert re.findall(r"python -m nas\.(\w+)", then) == ["predict", "export"]
    line = str(search_spaces.get_space("lens_nano").named["symmetric_tiny"])
    assert (result["model"]["model"], result["model"]["architecture"]) == ("lens_nano", line)
    # The line that was written down names the same training, which is finished.
    log = (tmp_path / "out" / "log.csv").read_text()
    again = run("nas.train", "--architecture", line, *arguments)
    assert (again.returncode, again.stdout) == (0, done.stdout)
    assert (tmp_path / "out" / "log.csv").read_text() == log


@pytest.mark.parametrize("space", ["lens_nano", "hybrid_nano", "hybrid_small"])
@pytest.mark.parametrize(("size", "channels", "classes"), [(32, 1, 3), (48, 3, 2)])
def test_all_presets_sizes_and_channel_counts(
    tmp_path: Path, space: str, size: int, channels: int, classes: int
) -> None:
    data = folder(tmp_path / "data", size=size, channels=channels, classes=classes)
    smallest = str(search_spaces.get_space(space).smallest)
    train(TrainSettings(architecture=smallest, data=data, run=tmp_path / "out", **QUICK))
    result = check_outcome(tmp_path / "out", data)
    assert result["model"]["in_chans"] == channels
    assert len(result["model"]["classes"]) == classes


@pytest.mark.parametrize("model", ["test_resnet", "test_vit"])
def test_a_model_of_timm_with_and_without_a_fixed_image_size(
    tmp_path: Path, data: Path, model: str
) -> None:
    train(TrainSettings(model=model, data=data, run=tmp_path / "out", drop_path=0.1, **QUICK))
    assert check_outcome(tmp_path / "out", data)["recipe"]["drop_path"] == 0.1


def test_images_that_the_network_does_not_take_are_resized(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = folder(tmp_path / "data", size=40)
    train(TrainSettings(model="botnet26t_256", data=data, run=tmp_path / "out", **QUICK))
    assert (
        "images of 40 × 40 pixels are resized to 64 × 64 pixels for botnet26t_256"
        in capsys.readouterr().err
    )
    model = check_outcome(tmp_path / "out", data)["model"]
    assert (model["image_size"], model["resized_to"]) == ([40, 40], [64, 64])


def test_weights_to_start_from_are_part_of_the_training(tmp_path: Path, data: Path) -> None:
    train(TrainSettings(model="test_resnet", data=data, run=tmp_path / "first", **QUICK))
    weights = tmp_path / "first" / "model.safetensors"
    train(
        TrainSettings(
            model="test_resnet", weights=weights, data=data, run=tmp_path / "second", **QUICK
        )
    )
    result = check_outcome(tmp_path / "second", data)
    assert result["weights"] == hashlib.sha256(weights.read_bytes()).hexdigest()
    with pytest.raises(UserError, match="second holds a training with weights "):
        train(TrainSettings(model="test_resnet", data=data, run=tmp_path / "second", **QUICK))


def test_the_default_directory_belongs_to_the_settings(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1, 0):
        train(TrainSettings(model="test_resnet", data=data, seed=seed, **QUICK))
    directories = list((tmp_path / "results" / "runs").iterdir())
    assert len(directories) == 2
    weights = [
        load_checkpoint(directory / "model.safetensors").tensors["fc.weight"]
        for directory in directories
    ]
    assert not torch.equal(*weights)


def test_the_same_command_continues_after_sigkill(tmp_path: Path, data: Path) -> None:
    settings = {
        "model": "test_resnet",
        "data": data,
        "epochs": 40,
        "batch_size": 16,
        "device": "cpu",
    }
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "nas.train", *flags, f"--run={tmp_path / 'killed'}"]
    )
    while not (tmp_path / "killed" / "log.csv").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert not (tmp_path / "killed" / "result.json").exists()
    for name in ("killed", "unbroken"):
        train(TrainSettings(**settings, run=tmp_path / name))
    killed, unbroken = (
        load_checkpoint(tmp_path / name / "model.safetensors") for name in ("killed", "unbroken")
    )
    assert killed.tensors.keys() == unbroken.tensors.keys()
    for name, tensor in unbroken.tensors.items():
        assert torch.equal(killed.tensors[name], tensor)


def test_neither_model_nor_architecture(fails: Callable[..., str], tmp_path: Path) -> None:
    assert "either --architecture LINE or --model NAME" in fails("nas.train", "--data", tmp_path)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"model": "resnet81"}, r"timm has no model resnet81: did you mean resnet\d+"),
        ({"model": "qqqqqqq"}, r"timm has no model qqqqqqq: timm.list_models\(\) lists them"),
        ({"model": "test_resnet", "device": "gpu"}, "device gpu cannot be used"),
        (
            {"model": "vgg11", "drop_path": 0.1},
            "vgg11 has no residual branches to skip: leave out --drop-path",
        ),
        ({"model": "test_resnet", "seed": -1}, "--seed -1 cannot be used"),
        ({"architecture": "coatnet"}, "symmetric_coatnet"),
        ({"architecture": "coatnet_like", "space": "hybrid_huge"}, "hybrid_huge"),
        ({"architecture": "hybrid_huge/stem:width=8"}, "hybrid_huge"),
    ],
)
def test_mistakes(tmp_path: Path, data: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises((UserError, SpaceError), match=sentence):
        train(TrainSettings(data=data, run=tmp_path / "out", **{**QUICK, **settings}))
    assert not (tmp_path / "out" / "state.safetensors").exists()


def test_images_too_small_for_the_strides(tmp_path: Path) -> None:
    data = folder(tmp_path / "data", size=16)
    settings = TrainSettings(
        architecture="symmetric_tiny", data=data, run=tmp_path / "out", **QUICK
    )
    with pytest.raises(SpaceError, match="16 × 16 pixels are too small"):
        train(settings)


def test_no_data(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"--data is missing: .* python -m nas.data simulate"):
        train(TrainSettings(model="test_resnet", run=tmp_path))


def test_both_model_and_architecture() -> None:
    with pytest.raises(UserError, match="either --architecture LINE or --model NAME"):
        TrainSettings(model="test_resnet", architecture="coatnet_like")


def test_a_directory_trained_on_other_data(tmp_path: Path, data: Path) -> None:
    train(TrainSettings(model="test_resnet", data=data, run=tmp_path / "out", **QUICK))
    other = folder(tmp_path / "other")
    np.save(other / "cdm" / "0.npy", np.zeros((1, 32, 32)))
    with pytest.raises(UserError, match="out holds a training with data "):
        train(TrainSettings(model="test_resnet", data=other, run=tmp_path / "out", **QUICK))


def test_the_card_of_another_version(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, {"weight": torch.ones(1)}, {"model": {"model": "resnet18"}})
    with pytest.raises(
        UserError, match=r"says of its network is damaged \(architecture: field req"
    ):
        load_network(path)


def test_weights_of_another_network(tmp_path: Path) -> None:
    card = ModelCard(
        "test_resnet", None, ("a", "b"), 1, (32, 32), Normalisation((0.0,), (1.0,), (0.0,), (1.0,))
    )
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, {"weight": torch.ones(1)}, {"model": card.to_json()})
    with pytest.raises(UserError, match="are not those of test_resnet"):
        load_network(path)
    save_checkpoint(path, {"weight": torch.ones(1)}, {"space": "hybrid_nano"})
    with pytest.raises(UserError, match="says of its network is damaged"):
        load_network(path)
