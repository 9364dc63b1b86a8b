"""Datasets on disk have the same bytes however they came about, and nothing else looks like one."""

import errno
import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nas.common.errors import UserError
from nas.data.simulation import dataset, output, table
from nas.data.simulation.dataset import simulate
from nas.data.simulation.draw import draw_scene, generator
from nas.data.simulation.settings import SimulationSettings

FILES = ["dataset.json", "images.npy", "labels.npy", "parameters.parquet"]

SETTINGS = SimulationSettings(images=3 * dataset.CHUNK + 10, image_size=16)


def contents(directory: Path) -> dict[str, bytes]:
    assert sorted(path.name for path in directory.iterdir()) == FILES
    return {name: (directory / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "deep" / "dataset"
    simulate(SETTINGS, out, workers=1)
    return out


def test_arrays_and_description(whole: Path) -> None:
    images = np.load(whole / "images.npy", mmap_mode="r")
    labels = np.load(whole / "labels.npy")
    assert (images.shape, images.dtype) == ((778, 1, 16, 16), np.float32)
    assert (labels.shape, labels.dtype) == ((778,), np.int64)
    assert np.array_equal(labels, np.arange(778) % 3)
    assert np.isfinite(images).all()
    assert (images.std(axis=(1, 2, 3)) > 0).all()
    description = json.loads((whole / "dataset.json").read_text())
    assert description["kind"] == "simulated"
    assert description["classes"] == ["no_substructure", "subhalo", "vortex"]
    assert (description["images"], description["image_shape"]) == (778, [1, 16, 16])
    assert set(description["versions"]) == {"lens-nas", "lenstronomy", "numpy"}


def test_parameters(whole: Path) -> None:
    rows = pd.read_parquet(whole / "parameters.parquet")
    units = json.loads((whole / "dataset.json").read_text())["units"]
    assert set(units) == {"images", *rows.columns}
    assert rows["index"].tolist() == list(range(778))
    assert rows["class"][:3].tolist() == ["no_substructure", "subhalo", "vortex"]
    assert rows["subhalo_number"][rows["class"] != "subhalo"].eq(0).all()
    assert rows["axion_mass"].notna().equals(rows["class"] == "vortex")
    scene = draw_scene(SETTINGS, 772, generator(SETTINGS.seed, 772))
    assert rows["class"][772] == "subhalo"
    assert np.array_equal(rows["subhalo_masses"][772], scene.subhalos.masses)
    assert np.array_equal(rows["subhalo_x"][772], scene.subhalos.x)
    assert rows["lens_theta_e"][772] == scene.lens.theta_e
    assert rows["source_magnitude"][772] == scene.source.magnitude


def test_any_number_of_workers_gives_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    simulate(SETTINGS, tmp_path / "dataset", workers=2)
    assert contents(tmp_path / "dataset") == contents(whole)


def test_an_image_does_not_depend_on_how_many_there_are(whole: Path, tmp_path: Path) -> None:
    simulate(replace(SETTINGS, images=300), tmp_path / "dataset", workers=1)
    few, many = (np.load(path / "images.npy") for path in (tmp_path / "dataset", whole))
    assert np.array_equal(few, many[:300])


def test_another_seed_gives_other_images(whole: Path, tmp_path: Path) -> None:
    simulate(replace(SETTINGS, images=9, seed=1), tmp_path / "dataset", workers=1)
    assert not np.array_equal(
        np.load(tmp_path / "dataset" / "images.npy"), np.load(whole / "images.npy")[:9]
    )


@pytest.mark.parametrize(
    ("model", "physics"), [("I", "deeplense"), ("III", "deeplense"), ("IV", "realistic")]
)
def test_other_models(model: Any, physics: Any, tmp_path: Path) -> None:
    simulate(
        SimulationSettings(model=model, physics=physics, images=6, image_size=32),
        tmp_path,
        workers=1,
    )
    assert np.load(tmp_path / "images.npy").shape == (6, 1, 32, 32)
    rows = pd.read_parquet(tmp_path / "parameters.parquet")
    assert rows["source_magnitude"].isna().all() == (model == "I")
    assert (rows["clump_fluxes"].str.len() > 0).all() == (model == "IV")


def test_again_does_nothing(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: (whole / name).stat().st_mtime_ns for name in FILES}
    simulate(SETTINGS, whole, workers=1)
    assert "already holds this dataset" in capsys.readouterr().err
    assert {name: (whole / name).stat().st_mtime_ns for name in FILES} == before


def test_no_control_characters_where_nobody_watches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate(replace(SETTINGS, images=3), tmp_path, workers=1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "simulating 3 images"
    assert lines[1].startswith("simulating done: 3 images in ")
    assert len(lines) == 2


# Interruption

PATIENCE = 300
"""Seconds that a test waits at most, since a busy machine takes long to start processes."""

COMMAND = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from nas.data.simulation.settings import SimulationSettings
    from nas.data.simulation.dataset import simulate
    from nas.common.errors import UserError

    if __name__ == "__main__":
        settings = SimulationSettings(images=int(sys.argv[1]), image_size=16)
        try:
            simulate(settings, Path(sys.argv[2]), int(sys.argv[3]))
        except UserError as mistake:
            print(mistake, file=sys.stderr)
            sys.exit(2)
    """
)


def start(
    images: int, out: Path, workers: int, file_size: int = resource.RLIM_INFINITY
) -> subprocess.Popen[str]:
    """Start the command, which may write no file of more than ``file_size`` bytes."""

    def prepare() -> None:
        # Tests that run in the background have SIGINT ignored, and so would the command.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))

    script = out.parent / "command.py"
    script.write_text(COMMAND)
    arguments = [sys.executable, str(script), str(images), str(out), str(workers)]
    return subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, preexec_fn=prepare, start_new_session=True
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


INTERRUPTED = SimulationSettings(images=20 * dataset.CHUNK, image_size=16)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    out = tmp_path_factory.mktemp("unbroken") / "dataset"
    simulate(INTERRUPTED, out, workers=1)
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

    simulate(INTERRUPTED, out, workers=1)
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
            simulate(SETTINGS, tmp_path, workers=1)
    assert not (tmp_path / "dataset.json").exists()
    simulate(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_killed_while_the_work_is_cleared_away(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(output.shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            simulate(SETTINGS, tmp_path, workers=1)
    assert (tmp_path / ".partial").exists()
    simulate(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_killed_before_the_work_began(whole: Path, tmp_path: Path) -> None:
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "images.npy").write_bytes(b"half")
    simulate(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


# What cannot be simulated


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a run that stopped before its second chunk."""

    def stop(path: Path, rows: Any) -> None:
        if "000001" in path.name:
            raise KeyboardInterrupt
        write_rows(path, rows)

    write_rows = table.write_rows
    with monkeypatch.context() as patch:
        patch.setattr(table, "write_rows", stop)
        with pytest.raises(KeyboardInterrupt):
            simulate(SETTINGS, tmp_path / "interrupted", workers=1)
    return tmp_path / "interrupted"


def refused(settings: SimulationSettings, out: Path, workers: int = 1) -> str:
    with pytest.raises(UserError) as mistake:
        simulate(settings, out, workers)
    assert "\n" not in str(mistake.value)
    return str(mistake.value)


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
    simulate(SETTINGS, interrupted, workers=1)
    assert done == [1, 2, 3]
    assert contents(interrupted) == contents(whole)
    assert "simulating 778 images, 256 of them done before" in capsys.readouterr().err


def test_no_workers(tmp_path: Path) -> None:
    assert refused(SETTINGS, tmp_path, workers=0) == "workers is 0: choose a number of at least 1"


def test_another_dataset(whole: Path) -> None:
    before = contents(whole)
    assert "already holds another dataset (seed is 0 there and 5 here)" in refused(
        replace(SETTINGS, seed=5), whole
    )
    assert contents(whole) == before


def test_another_unfinished_dataset(interrupted: Path) -> None:
    sentence = refused(replace(SETTINGS, nuisance=1.0), interrupted)
    assert "unfinished dataset that differs (nuisance is 0.5 there and 1.0 here)" in sentence


@pytest.mark.parametrize("name", ["photo.jpg", "images.npy", "dataset.json"])
def test_other_files(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("mine")
    assert str(tmp_path) in refused(SETTINGS, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"


def test_two_runs_at_once(interrupted: Path) -> None:
    description = dataset.describe_simulation(SETTINGS)
    with output.unfinished(interrupted, description, 4):
        assert "another run is writing" in refused(SETTINGS, interrupted)


def test_output_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    assert str(tmp_path / "file") in refused(SETTINGS, tmp_path / "file")
    assert str(tmp_path / "file" / "dataset") in refused(SETTINGS, tmp_path / "file" / "dataset")
    assert (tmp_path / "file").read_text() == "mine"


def test_unwritable_output(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    # Permissions would not do, for a test may run as root, to whom nothing is forbidden.
    monkeypatch.setattr(Path, "mkdir", forbidden)
    assert f"cannot write the dataset to {tmp_path / 'new'}: Permission denied" in refused(
        SETTINGS, tmp_path / "new"
    )


def test_too_large_for_the_disk(tmp_path: Path) -> None:
    """The disk is found to be too small before any work is done, for space is taken first."""
    out = tmp_path / "dataset"
    process = start(300, out, 2, file_size=100_000)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 2
    assert errors.startswith(
        f"cannot write the dataset to {out}: File too large (it needs 307,328 bytes"
    )
    assert len(errors.splitlines()) == 1
    assert not out.exists()


def test_disk_full_on_the_way(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(table, "write_rows", full)
        sentence = refused(SETTINGS, tmp_path)
    assert f"cannot write the dataset to {tmp_path}: No space left on device (it needs" in sentence
    assert [path.name for path in tmp_path.iterdir()] == [".partial"]
    simulate(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


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


def test_a_dataset_that_lost_a_file_is_not_taken_for_whole(tmp_path: Path) -> None:
    simulate(SETTINGS, tmp_path / "set", workers=1)
    (tmp_path / "set" / "images.npy").unlink()
    assert "lacks its images.npy" in refused(SETTINGS, tmp_path / "set")
