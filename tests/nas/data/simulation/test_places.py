"""Places that cannot take a data set, or hold something else, are named."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from nas.data.simulation import dataset, output, table
from nas.data.simulation.dataset import simulate_dataset
from tests.nas.data.simulation.datasets import PATIENCE, SETTINGS, contents, refused, start


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
    simulate_dataset(SETTINGS, tmp_path, workers=1)
    assert contents(tmp_path) == contents(whole)


def test_a_dataset_that_lost_a_file_is_not_taken_for_whole(tmp_path: Path) -> None:
    simulate_dataset(SETTINGS, tmp_path / "set", workers=1)
    (tmp_path / "set" / "images.npy").unlink()
    assert "lacks its images.npy" in refused(SETTINGS, tmp_path / "set")
