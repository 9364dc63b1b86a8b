"""A training that was interrupted at any point ends with the same bits as an unbroken one."""

import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from nas.common.errors import UserError
from nas.training.files import TrainingFiles
from nas.training.loop import Result, fit
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord
from tests.nas.training.toy import bits, network, rings

RECIPE = Recipe(epochs=4, batch_size=32)


class Killed(BaseException):
    """An error that stands for the end of the process."""


def train(directory: Path | None, recipe: Recipe = RECIPE, **options: Any) -> Result:
    data, options = options.pop("data", "rings"), {"seed": 3, **options}
    files = None
    if directory is not None:
        spec = {"data": data, "recipe": recipe.to_json(), "seed": options["seed"]}
        files = TrainingFiles(directory, spec)
    return fit(network(), rings(96), rings(60, seed=1), recipe, files=files, **options)


def contents(path: Path, kind: Any = "model") -> dict[str, bytes]:
    return {
        name: tensor.numpy().tobytes()
        for name, tensor in load_checkpoint(path, kind).tensors.items()
    }


def kill_after(epoch: int) -> Any:
    def on_epoch(record: EpochRecord) -> None:
        if record.epoch == epoch:
            raise Killed

    return on_epoch


@pytest.mark.parametrize(
    "recipe", [RECIPE, replace(RECIPE, ema_decay=0.9), replace(RECIPE, optimizer="sgd")]
)
def test_interrupted_after_every_epoch(tmp_path: Path, recipe: Recipe) -> None:
    unbroken = train(tmp_path / "unbroken", recipe)
    for epoch in range(1, recipe.epochs + 1):
        with pytest.raises(Killed):
            train(tmp_path / "broken", recipe, on_epoch=kill_after(epoch))
    told: list[EpochRecord] = []
    broken = train(tmp_path / "broken", recipe, on_epoch=told.append)
    assert told == list(broken.epochs)
    assert bits(broken.model) == bits(unbroken.model) == bits(train(None, recipe).model)
    assert broken.best.val == unbroken.best.val
    for name, kind in (("model", "model"), ("state", "state")):
        file = f"{name}.safetensors"
        assert contents(tmp_path / "broken" / file, kind) == contents(
            tmp_path / "unbroken" / file, kind
        )


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """Nothing is lost when files of more than a hundred bytes cannot be written for a while."""
    with pytest.raises(Killed):
        train(tmp_path, on_epoch=kill_after(1))
    before = contents(tmp_path / "state.safetensors", "state")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(
            UserError, match=r"(model|log)\.\w+ cannot be written \(.*\): make room"
        ):
            train(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(tmp_path / "state.safetensors", "state") == before
    assert not list(tmp_path.glob(".*"))
    assert bits(train(tmp_path).model) == bits(train(None).model)


@pytest.mark.parametrize("between", ["write_state", "write_outcome"])
def test_killed_while_files_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    """Every epoch is better than the one before, and so the best when the kill comes."""

    def rising() -> Any:
        return lambda model, val: {"auc": float(next(counter))}

    counter = iter(range(1000))
    unbroken = train(tmp_path / "unbroken", validate=rising())
    original = getattr(TrainingFiles, between)
    for epoch in (1, 3):

        def write(
            files: TrainingFiles, tensors: Any, records: list[EpochRecord], epoch: int = epoch
        ) -> None:
            if len(records) == epoch and not (files.directory / f"killed-{epoch}").exists():
                (files.directory / f"killed-{epoch}").touch()
                raise Killed
            original(files, tensors, records)

        monkeypatch.setattr(TrainingFiles, between, write)
        with pytest.raises(Killed):
            train(tmp_path / "broken", validate=rising())
    monkeypatch.undo()
    if between == "write_outcome":
        # The state is one epoch ahead of the weights, and the next call first brings them up to it.
        assert (
            load_checkpoint(tmp_path / "broken" / "model.safetensors").about["outcome"]["epoch"]
            == 2
        )
        with pytest.raises(Killed):
            train(tmp_path / "broken", validate=rising(), step=_killed_at_once)
        assert (
            load_checkpoint(tmp_path / "broken" / "model.safetensors").about["outcome"]["epoch"]
            == 3
        )
    broken = train(tmp_path / "broken", validate=rising())
    assert broken.best.epoch == unbroken.best.epoch == 4
    assert bits(broken.model) == bits(unbroken.model)
    file = "model.safetensors"
    assert contents(tmp_path / "broken" / file) == contents(tmp_path / "unbroken" / file)


def _killed_at_once(*_: Any) -> torch.Tensor:
    raise Killed


PROGRAM = """
import sys, time
from pathlib import Path
import torch
from nas.training.loop import validation_scores
from tests.nas.training.test_resume import train
from tests.nas.training.toy import rings

torch.set_num_threads(1)
scores = validation_scores(rings(96))

def slowly(model, val):
    time.sleep(1)
    return scores(model, val)

train(Path(sys.argv[1]), validate=slowly)
"""


def test_sigkill(tmp_path: Path) -> None:
    directory = tmp_path / "killed"
    kills = 0
    for wait in (0.0, 0.6):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, directory], cwd=Path.cwd(), env=os.environ
        )
        before = _epochs(directory)
        while _epochs(directory) == before and process.poll() is None:
            time.sleep(0.01)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        kills += process.wait(60) == -signal.SIGKILL
    assert kills == 2
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        train(directory)
        unbroken = train(tmp_path / "unbroken")
    finally:
        torch.set_num_threads(threads)
    assert {
        name: tensor.numpy().tobytes()
        for name, tensor in load_checkpoint(directory / "model.safetensors").tensors.items()
    } == bits(unbroken.model)
    assert contents(directory / "state.safetensors", "state") == contents(
        tmp_path / "unbroken" / "state.safetensors", "state"
    )
    left = {path.name for path in directory.iterdir() if not path.name.startswith(".")}
    assert left == {"state.safetensors", "model.safetensors", "log.csv"}


def _epochs(directory: Path) -> int:
    log = directory / "log.csv"
    return len(log.read_text().splitlines()) if log.exists() else 0


@pytest.fixture
def begun(tmp_path: Path) -> Path:
    """The directory of a training that was interrupted after its second epoch."""
    with pytest.raises(Killed):
        train(tmp_path / "begun", on_epoch=kill_after(2))
    return tmp_path / "begun"


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"recipe": replace(RECIPE, learning_rate=0.5)}, "recipe.learning_rate 0.004, not 0.5"),
        ({"recipe": replace(RECIPE, epochs=9)}, "recipe.epochs 4, not 9"),
        ({"seed": 4}, "seed 3, not 4"),
        ({"data": "other"}, "data rings, not other"),
    ],
)
def test_other_settings_are_refused_and_named(
    begun: Path, change: dict[str, Any], named: str
) -> None:
    state = (begun / "state.safetensors").read_bytes()
    with pytest.raises(
        UserError, match=f"begun holds a training with {named}: give another directory"
    ):
        train(begun, **change)
    assert (begun / "state.safetensors").read_bytes() == state


def test_a_damaged_state(begun: Path) -> None:
    file = begun / "state.safetensors"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(UserError, match=r"state.safetensors is no whole safetensors file"):
        train(begun)


def test_lost_weights_of_the_best_epoch(tmp_path: Path) -> None:
    def falling(model: Any, val: Any) -> dict[str, float]:
        return {"auc": next(aucs)}

    aucs = iter((0.9, 0.8))
    with pytest.raises(Killed):
        train(tmp_path, validate=falling, on_epoch=kill_after(2))
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(UserError, match=r"there is no checkpoint .*model.safetensors"):
        train(tmp_path)


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for directory in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match=r"cannot be written \(.*\): give another directory"):
            train(directory, step=_killed_at_once)
