"""``python -m nas.supernet`` trains shared weights, alone and in company, and goes on."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from statistics import mean
from threading import Thread
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.data.dataset import open_dataset
from nas.supernet.command import run as train
from nas.supernet.settings import SupernetSettings
from nas.train.command import run as train_one
from nas.train.settings import TrainSettings
from nas.training.images import TrainingImages
from nas.training.metrics import NonFiniteError
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.supernet.inheritance import Inheritance
from nas.training.supernet.training import load_supernet
from search_spaces import SpaceError
from search_spaces.hybrid import ends
from tests.folders import folder
from tests.nas.tracking.curves import curves

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16, "device": "cpu", "random_subnets": 1}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder(tmp_path / "data")


def flags(settings: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}={value}" for name, value in settings.items()]


def weights(directory: Path) -> dict[str, Tensor]:
    return load_checkpoint(directory / "model.safetensors").tensors


def losses(directory: Path) -> list[float]:
    return np.loadtxt(directory / "log.csv", delimiter=",", skiprows=1)[:, 2].tolist()


def test_the_command(run: Callable[..., Any], tmp_path: Path, data: Path) -> None:
    done = run("nas.supernet", *flags({**QUICK, "data": data, "run": "out"}))
    assert done.returncode == 0, done.stderr
    assert f"    python -m nas.search --supernet out --data {data}\n" in done.stderr
    # It has seen 60 images, and so guesses.
    assert "warning: the supernet's validation AUC" in done.stderr
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    supernet, card, fingerprint = load_supernet(tmp_path / "out" / "model.safetensors")
    assert fingerprint == result["data"] == open_dataset(data).fingerprint
    assert card.networks.image_size == (32, 32)
    best = result["best"]["val"]
    images = TrainingImages.open(data, SupernetSettings())
    inheritance = Inheritance(images.train(), images.val())
    for name, end in zip(("smallest", "largest"), ends(supernet.space), strict=True):
        aucs = [inheritance.score(supernet, architecture).auc for architecture in end]
        assert len(aucs) == 2  # one of each symmetry
        assert mean(aucs) == pytest.approx(best[f"auc_{name}"])
        assert f"{name} network {best[f'auc_{name}']:.4f}" in done.stdout.replace(
            "largest ", "largest network "
        )


def test_the_same_command_continues_after_sigkill(tmp_path: Path, data: Path) -> None:
    settings = {**QUICK, "data": data, "epochs": 4}
    process = subprocess.Popen(
        [sys.executable, "-m", "nas.supernet", *flags({**settings, "run": tmp_path / "killed"})],
    )
    while not (tmp_path / "killed" / "log.csv").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert len(losses_so_far(tmp_path / "killed")) < 4
    for name in ("killed", "unbroken"):
        train(SupernetSettings(**settings, run=tmp_path / name))
    assert losses(tmp_path / "killed") == losses(tmp_path / "unbroken")
    for name, tensor in weights(tmp_path / "unbroken").items():
        assert torch.equal(weights(tmp_path / "killed")[name], tensor)


def losses_so_far(directory: Path) -> list[str]:
    return (directory / "log.csv").read_text().splitlines()[1:]


@pytest.fixture(scope="module")
def two_workers() -> Iterator[None]:
    """One small Ray cluster for all tests that train in company."""
    with cluster(cpus=2):
        yield


@pytest.mark.usefixtures("two_workers")
def test_two_workers_do_what_one_does(tmp_path: Path, data: Path) -> None:
    """Without batch statistics, two workers add the same numbers in another order."""
    for workers in (1, 2):
        settings = {**QUICK, "norm": "group", "workers": workers}
        train(SupernetSettings(**settings, data=data, run=tmp_path / str(workers)))
        tracked = curves(tmp_path / str(workers))["loss"]
        assert tracked == [
            (epoch, pytest.approx(loss))
            for epoch, loss in enumerate(losses(tmp_path / str(workers)), 1)
        ]
    assert losses(tmp_path / "2") == pytest.approx(losses(tmp_path / "1"), rel=1e-4)
    one, two = weights(tmp_path / "1"), weights(tmp_path / "2")
    _, card, _ = load_supernet(tmp_path / "1" / "model.safetensors")
    first = card.build(seed=SupernetSettings().seed).state_dict()
    assert distance(one, two) < 0.02 * distance(one, first)
    assert not (tmp_path / "2" / "ray").exists()


def distance(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> float:
    """Return the Euclidean distance between two sets of weights."""
    return sum((one[name] - other[name]).square().sum().item() for name in one) ** 0.5


def test_batch_statistics_of_a_share_are_another_training(tmp_path: Path, data: Path) -> None:
    train(SupernetSettings(**{**QUICK, "epochs": 1}, data=data, run=tmp_path / "out"))
    with pytest.raises(UserError, match="holds a training with workers 1, not 2"):
        train(
            SupernetSettings(**{**QUICK, "epochs": 1}, workers=2, data=data, run=tmp_path / "out")
        )


@pytest.mark.usefixtures("two_workers")
def test_a_worker_that_dies(tmp_path: Path, data: Path) -> None:
    settings = {**QUICK, "epochs": 12, "norm": "group", "workers": 2}
    place = tmp_path / "out"

    def kill() -> None:
        while not (place / "log.csv").exists():
            time.sleep(0.01)
        os.kill(a_worker_of_ours(), signal.SIGKILL)

    killer = Thread(target=kill)
    killer.start()
    with pytest.raises(
        UserError, match=r"a worker of the training failed \(.*\); the last whole epoch is kept"
    ):
        train(SupernetSettings(**settings, data=data, run=place))
    killer.join()
    done = len(losses_so_far(place))
    assert 1 <= done < 12
    train(SupernetSettings(**{**settings, "workers": 1}, data=data, run=place))
    assert len(losses_so_far(place)) == 12


def a_worker_of_ours() -> int:
    """Return the process of a worker that this process started through Ray, and no other's."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
    )
    processes = [line.split(None, 2) for line in listed.stdout.splitlines()]
    parents = {int(pid): int(parent) for pid, parent, *_ in processes}
    workers = [int(pid) for pid, _, *args in processes if "RayTrainWorker" in "".join(args)]

    def ours(pid: int) -> bool:
        return pid == os.getpid() or (pid in parents and ours(parents[pid]))

    return next(pid for pid in workers if ours(pid))


@pytest.mark.usefixtures("two_workers")
def test_a_mistake_in_a_worker_is_the_users_sentence(tmp_path: Path, data: Path) -> None:
    train(SupernetSettings(**QUICK, norm="group", data=data, run=tmp_path / "out"))
    with pytest.raises(UserError, match="out holds a training with seed 0, not 1"):
        train(
            SupernetSettings(
                **{**QUICK, "norm": "group", "seed": 1, "workers": 2},
                data=data,
                run=tmp_path / "out",
            )
        )


def test_a_loss_that_is_no_number_names_network_and_checkpoint(tmp_path: Path, data: Path) -> None:
    settings = {
        **QUICK,
        "epochs": 9,
        "schedule": "constant",
        "warmup": 0,
        "clip_grad": 0,
        "optimizer": "sgd",
        "space": "hybrid_nano",
    }
    with pytest.raises(NonFiniteError) as caught:
        train(SupernetSettings(**settings, learning_rate=1e18, data=data, run=tmp_path / "out"))
    sentence = str(caught.value)
    assert "the loss of step" in sentence
    assert "for hybrid_nano/stem:" in sentence
    assert "no checkpoint was written" in sentence or "state.safetensors holds epoch" in sentence
    assert "lower --learning-rate" in sentence


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"space": "hybrid_small"}, "supernet.model lens_nano, not hybrid_small"),
        ({"learning_rate": 0.1}, r"recipe.learning_rate 0.004, not 0.1"),
        ({"rule": "sandwich"}, "sharing.rule random, not sandwich"),
        ({"norm": "group"}, "supernet.norm batch, not group"),
    ],
)
def test_a_directory_of_another_training(
    tmp_path: Path, data: Path, change: dict[str, Any], sentence: str
) -> None:
    train(SupernetSettings(**{**QUICK, "epochs": 1}, data=data, run=tmp_path / "out"))
    before = (tmp_path / "out" / "state.safetensors").read_bytes()
    with pytest.raises(
        UserError, match=f"out holds a training with {sentence}: give another directory"
    ):
        train(SupernetSettings(**{**QUICK, "epochs": 1, **change}, data=data, run=tmp_path / "out"))
    assert (tmp_path / "out" / "state.safetensors").read_bytes() == before


def test_other_data(tmp_path: Path, data: Path) -> None:
    train(SupernetSettings(**{**QUICK, "epochs": 1}, data=data, run=tmp_path / "out"))
    np.save(data / "cdm" / "0.npy", np.zeros((1, 32, 32)))
    with pytest.raises(UserError, match="out holds a training with data "):
        train(SupernetSettings(**{**QUICK, "epochs": 1}, data=data, run=tmp_path / "out"))


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"space": "hybrid_nanoo"}, "there is no search space 'hybrid_nanoo'"),
        ({"space": "nas_bench_201"}, "nas_bench_201"),
        ({"compile": True}, "--compile cannot be used for a supernet"),
        ({"drop_path": 0.1}, "--drop-path cannot be used for a supernet"),
        ({"workers": 3}, "--workers 3 cannot share batches of 16 images"),
    ],
)
def test_mistakes(tmp_path: Path, data: Path, settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises((UserError, SpaceError), match=sentence):
        train(SupernetSettings(**{**QUICK, **settings}, data=data, run=tmp_path / "out"))
    assert not (tmp_path / "out" / "state.safetensors").exists()


def test_a_checkpoint_of_a_single_network(tmp_path: Path, data: Path) -> None:
    train_one(
        TrainSettings(model="test_resnet", epochs=1, batch_size=16, data=data, run=tmp_path / "one")
    )
    with pytest.raises(
        UserError, match=r"holds a single network: give the .* of python -m nas\.supernet"
    ):
        load_supernet(tmp_path / "one" / "model.safetensors")
