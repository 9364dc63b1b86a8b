"""A simulation that was interrupted, killed, or lost a worker goes on to the same bytes."""

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from nas.data.simulation import dataset, output
from nas.data.simulation.dataset import simulate_dataset
from tests.nas.data.simulation.datasets import (
    INTERRUPTED,
    PATIENCE,
    SETTINGS,
    contents,
    refused,
    start,
)


def wait_for_chunks(process: subprocess.Popen[str], out: Path, number: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(list((out / ".partial").glob("chunk-*"))) < number:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)


def children(process: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rpartition(")")[2].split()[1]) == process:
                found.add(int(stat.parent.name))
        except OSError:
            continue
    return found


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("unbroken") / "dataset"
    simulate_dataset(INTERRUPTED, out, workers=1)
    return contents(out)


@pytest.mark.parametrize(
    ("sent", "workers"), [(signal.SIGKILL, 2), (signal.SIGINT, 2), (signal.SIGKILL, 1)]
)
def test_an_interrupted_run_goes_on_to_the_same_bytes(
    sent: signal.Signals, workers: int, unbroken: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "dataset"
    process = start(INTERRUPTED.images, out, workers)
    wait_for_chunks(process, out, 3)
    offspring = children(process.pid)
    if sent is signal.SIGINT:
        os.killpg(process.pid, sent)  # A terminal does the same on Ctrl-C.
    else:
        process.send_signal(sent)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "SpawnProcess" not in errors  # No worker has anything to say.
    deadline = time.monotonic() + PATIENCE
    # No worker outlives its parent.
    while any(Path(f"/proc/{child}").exists() for child in offspring):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not (out / "dataset.json").exists()
    assert 3 <= len(list((out / ".partial").glob("chunk-*"))) < 20

    simulate_dataset(INTERRUPTED, out, workers=1)
    assert contents(out) == unbroken


@pytest.mark.parametrize("moves", [0, 1, 2, 3])
def test_killed_while_the_files_move_into_place(
    moves: int, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, left = Path.replace, moves

    def replace_few(path: Path, target: Path) -> Path:
        nonlocal left
        if target.parent == tmp_path:
            if left == 0:
                raise KeyboardInterrupt
            left -= 1
        return original(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", replace_few)
        with pytest.raises(KeyboardInterrupt):
            simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert not (tmp_path / "dataset.json").exists()
    simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_killed_while_the_work_is_cleared_away(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(output.shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert (tmp_path / ".partial").exists()
    simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_killed_before_the_work_began(whole: Path, tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "images.npy").write_bytes(b"half")
    simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_finished_chunks_are_not_done_again(
    interrupted: Path,
    whole: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = []

    def record(settings: Any, work: Any, chunk: int) -> int:
        done.append(chunk)
        return simulate_chunk(settings, work, chunk)

    simulate_chunk = dataset.simulate_chunk
    monkeypatch.setattr(dataset, "simulate_chunk", record)
    simulate_dataset(SETTINGS, interrupted, workers=1)
    assert done == [1, 2, 3]
    assert contents(interrupted) == contents(whole)
    assert "simulating 778 images, 256 of them done before" in capsys.readouterr().err


def test_an_error_in_a_worker(interrupted: Path) -> None:
    (interrupted / ".partial" / "images.npy").unlink()
    sentence = refused(SETTINGS, interrupted, workers=2)
    assert f"cannot write the dataset to {interrupted}: No such file" in sentence


def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    out = tmp_path / "dataset"
    process = start(INTERRUPTED.images, out, 2)
    wait_for_chunks(process, out, 1)
    for child in children(process.pid):
        if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
            os.kill(child, signal.SIGKILL)
            break
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert "a worker process died" in errors.splitlines()[-1]
    assert "Traceback" not in errors
    assert not (out / "dataset.json").exists()
