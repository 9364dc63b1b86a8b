"""``--track``: trackers hold all curves, go on after a kill, and never stop a run."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import search_spaces
from nas.common.errors import UserError
from nas.retrain.command import run as retrain
from nas.retrain.settings import RetrainSettings
from nas.retrain.settings import check as check_retrain
from nas.search.outcome import Outcome
from nas.search.result import Best, DataSource, Evaluation
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings
from nas.search.settings import check as check_search
from nas.search.study import SearchStudy
from nas.supernet.command import run as train_supernet
from nas.supernet.settings import SupernetSettings
from nas.supernet.settings import check as check_supernet
from nas.tracking.curves import tracking
from nas.train.command import run as train
from nas.train.settings import TrainSettings
from nas.train.settings import check as check_train
from nas.training.networks.checkpoint import load_checkpoint
from tests.folders import folder
from tests.nas.search.studies import study
from tests.nas.tracking.curves import curves, place, wandb_records

TRACKERS = ("tensorboard", "wandb", "mlflow")
QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16, "device": "cpu"}
SETTINGS = {"recipe": {"epochs": 6}, "model": "resnet18"}


@pytest.fixture(autouse=True)
def nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Log nobody in, and configure no service."""
    for name in ("WANDB_MODE", "WANDB_API_KEY", "MLFLOW_TRACKING_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folder(tmp_path / "data")


def logged(directory: Path) -> dict[str, list[tuple[int, float]]]:
    """Return the curves that are in the log of a training."""
    lines = (directory / "log.csv").read_text().splitlines()
    names = [name.replace("val_", "val/", 1) for name in lines[0].split(",")]
    values = np.array([line.split(",") for line in lines[1:]], dtype=float)
    return {
        name: [(int(row[0]), value) for row, value in zip(values, values[:, column], strict=True)]
        for column, name in enumerate(names)
        if name not in ("epoch", "updates")
    }


def check(directory: Path, track: str, expected: dict[str, list[tuple[int, float]]]) -> None:
    found = curves(directory, track)
    assert found.keys() == expected.keys()
    for name, points in expected.items():
        assert [step for step, _ in found[name]] == [step for step, _ in points]
        assert [value for _, value in found[name]] == pytest.approx(
            [value for _, value in points], rel=1e-6
        )


def test_a_training_has_the_same_bits_and_its_curves_with_any_tracker(
    tmp_path: Path, data: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    told = {}
    for track in ("none", *TRACKERS):
        train(
            TrainSettings(
                model="test_resnet", data=data, run=tmp_path / "out" / track, track=track, **QUICK
            )
        )
        told[track] = capfd.readouterr().err.replace(track, "").splitlines()[-2:]
    assert not (tmp_path / "out" / "none" / "tracking").exists()
    plain = load_checkpoint(tmp_path / "out" / "none" / "model.safetensors").tensors
    for track in TRACKERS:
        check(tmp_path / "out" / track, track, logged(tmp_path / "out" / track))
        tensors = load_checkpoint(tmp_path / "out" / track / "model.safetensors").tensors
        assert all(tensor.equal(plain[name]) for name, tensor in tensors.items())
        assert told[track] == told["none"]


@pytest.mark.parametrize("track", TRACKERS)
def test_a_killed_run_goes_on_in_its_place_without_a_gap_or_a_repetition(
    tmp_path: Path, track: Any
) -> None:
    script = f"""
import os, signal
from pathlib import Path
from nas.tracking.curves import tracking
with tracking({track!r}, Path({str(tmp_path)!r}), {SETTINGS!r}) as log:
    for step in range(3):
        log(step, {{"loss": 1.0 / (step + 1)}})
    os.kill(os.getpid(), signal.SIGKILL)
"""
    # wandb passes the address of its process on to children. There, a run whose process was killed
    # would still be held.
    own = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
    done = subprocess.run(
        [sys.executable, "-c", script], timeout=100, check=False, capture_output=True, env=own
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    expected = [(step, 1 / (step + 1)) for step in range(6)]
    for last in (4, 6, 6):
        with tracking(track, tmp_path, SETTINGS) as log:
            for step, value in expected[:last]:
                log(step, {"loss": value})
    check(tmp_path, track, {"loss": expected})
    # Other settings are another run, which must not be mixed with this one.
    with tracking(track, tmp_path, {"model": "resnet34"}) as log:
        log(0, {"loss": 3.0})
    assert len(list((tmp_path / "tracking").iterdir())) == 2


def test_settings_are_tracked_and_names_may_be_anything(tmp_path: Path) -> None:
    for track in TRACKERS:
        with tracking(track, tmp_path / track, SETTINGS) as log:
            log(1, {"val/auc_dark (matter), ∅": 0.5})
    import mlflow
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(place(tmp_path / "tensorboard", "tensorboard")))
    events.Reload()
    (text,) = events.Tensors("settings/text_summary")
    assert "recipe:\n      epochs: 6" in text.tensor_proto.string_val[0].decode()
    client = mlflow.MlflowClient(f"sqlite:///{place(tmp_path / 'mlflow', 'mlflow') / 'mlflow.db'}")
    (run,) = client.search_runs([client.get_experiment_by_name("lens-nas").experiment_id])
    assert run.data.params == {"recipe.epochs": "6", "model": "resnet18"}
    assert run.data.metrics == {"val/auc_dark _matter__ _": 0.5}
    assert run.info.status == "FINISHED"
    records = wandb_records(place(tmp_path / "wandb", "wandb"))
    told = {item.key: item.value_json for record in records for item in record.config.update}
    assert told["model"] == '"resnet18"'
    assert list(curves(tmp_path / "wandb", "wandb")) == ["val/auc_dark (matter), ∅"]


def test_wandb_stays_offline_without_a_login_whatever_the_environment_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", "online")
    monkeypatch.setenv("WANDB_BASE_URL", "http://127.0.0.1:9")
    with tracking("wandb", tmp_path, SETTINGS) as log:
        log(1, {"loss": 1.0})
    assert curves(tmp_path, "wandb") == {"loss": [(1, 1.0)]}


def test_a_service_that_is_gone_costs_a_sentence_and_is_made_up_for(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    settings = TrainSettings(
        model="test_resnet", data=data, run=tmp_path / "out", track="mlflow", **QUICK
    )
    train(settings)
    assert capsys.readouterr().err.count("--track mlflow failed and is left alone (") == 1
    assert (tmp_path / "out" / "result.json").exists()
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    train(settings)
    assert "failed" not in capsys.readouterr().err
    check(tmp_path / "out", "mlflow", logged(tmp_path / "out"))


@pytest.mark.parametrize(
    "trouble", ["a file is in the way", "the ledger is damaged", "the disk is full"]
)
def test_files_that_cannot_be_written_do_not_stop_a_run(
    tmp_path: Path,
    trouble: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with tracking("tensorboard", tmp_path, SETTINGS) as log:
        log(1, {"loss": 1.0})
    where = place(tmp_path, "tensorboard")
    if trouble == "a file is in the way":
        where.rename(tmp_path / "elsewhere")
        where.touch()
    elif trouble == "the ledger is damaged":
        (where / "logged.json").write_text("{")
    else:
        full = partial(open, "/dev/full")
        monkeypatch.setattr(
            "tensorboardX.record_writer.open", lambda path, mode: full(mode), raising=False
        )
    with tracking("tensorboard", tmp_path, SETTINGS) as log:
        for step in (2, 3):
            log(step, {"loss": 1.0})
    assert capsys.readouterr().err.count("--track tensorboard failed and is left alone (") == 1


def test_an_error_of_the_run_is_not_the_trackers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def run() -> None:
        with tracking("mlflow", tmp_path, SETTINGS) as log:
            log(1, {"loss": 1.0})
            raise UserError("broken")

    with pytest.raises(UserError, match="broken"):
        run()
    assert "failed" not in capsys.readouterr().err
    assert curves(tmp_path, "mlflow") == {"loss": [(1, 1.0)]}


def test_another_tracker_gets_the_whole_curves(tmp_path: Path, data: Path) -> None:
    for track in ("none", "tensorboard"):
        train(
            TrainSettings(
                model="test_resnet", data=data, run=tmp_path / "out", track=track, **QUICK
            )
        )
    check(tmp_path / "out", "tensorboard", logged(tmp_path / "out"))


def test_a_supernet_and_a_retraining(
    tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    train_supernet(
        SupernetSettings(**QUICK, data=data, random_subnets=1, run=tmp_path / "supernet")
    )
    check(tmp_path / "supernet", "tensorboard", logged(tmp_path / "supernet"))
    assert {"loss", "val/auc_smallest", "val/auc_largest"} <= curves(tmp_path / "supernet").keys()
    smallest = str(search_spaces.get_space("hybrid_nano").smallest)
    retrain(RetrainSettings(architecture=smallest, data=data, seeds=2, **QUICK))
    for seed in (0, 1):
        (directory,) = tmp_path.glob(f"results/runs/retrain/*/seed-{seed}")
        check(directory, "tensorboard", logged(directory))


def test_candidates_are_tracked_by_number_however_they_end(tmp_path: Path) -> None:
    """The second candidate is done before the first, and the third fails.

    The fourth is proposed before the search is killed.
    """
    expected = [0.6, 0.9, None, 0.7]

    best = partial(
        Best,
        space="hybrid_nano",
        objectives=("auc",),
        fidelity="inherit",
        recipe=None,
        image_size=(32, 32),
        data=DataSource("data", {}, ""),
    )

    def follow(points: dict[int, Any]) -> tuple[Outcome, SearchStudy]:
        searched = study(tmp_path / "study.db", trials=4)
        return Outcome(RunDirectory(tmp_path), searched, best, points.__setitem__), searched

    points: dict[int, Any] = {}
    outcome, searched = follow(points)
    tasks = [searched.next() for _ in range(4)]
    for number, seen in ((1, []), (0, [0, 1]), (2, [0, 1, 2])):
        if expected[number] is None:
            searched.fail(tasks[number].number, "it broke")
        else:
            searched.complete(tasks[number].number, Evaluation(auc=expected[number]))
        outcome.note(number)
        assert list(points) == seen
    again: dict[int, Any] = {}
    outcome, searched = follow(again)
    task = searched.next()
    assert task.number == 3
    searched.complete(3, Evaluation(auc=expected[3]))
    outcome.note(3)
    assert {number: again[number] for number in points} == points
    assert [again[number].get("candidate/auc") for number in range(4)] == expected
    assert [again[number]["best/auc"] for number in range(4)] == [0.6, 0.9, 0.9, 0.9]
    assert all(again[number]["candidate/params"] > 0 for number in range(4))


@pytest.mark.parametrize("track", ["wandb", "mlflow"])
@pytest.mark.parametrize("directory", [False, True])
def test_a_package_that_is_missing_is_said_at_once(
    tmp_path: Path, track: Any, directory: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory with the name of the package, such as wandb leaves behind, is no package."""
    monkeypatch.delitem(sys.modules, track, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages")])
    (tmp_path / "packages" / (track if directory else "")).mkdir(parents=True)
    checks: list[Callable[[], None]] = [
        lambda: check_train(TrainSettings(model="test_resnet", track=track)),
        lambda: check_supernet(SupernetSettings(track=track)),
        lambda: check_retrain(RetrainSettings(track=track)),
        lambda: check_search(SearchSettings(track=track)),
    ]
    for check_first in checks:
        with pytest.raises(
            UserError, match=rf"--track {track} needs a .* pip install 'lens-nas\[{track}\]'"
        ):
            check_first()
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["packages"]


def test_a_tracker_that_does_not_exist(fails: Callable[..., str]) -> None:
    said = fails("nas.train", "--model", "test_vit", "--track", "tensorbored")
    assert "there is no tracker 'tensorbored'" in said
