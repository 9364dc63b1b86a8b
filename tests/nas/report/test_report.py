"""``python -m nas.report`` at its door: what it writes, where, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nas.errors import UserError
from nas.report import write_report
from nas.run_directory import RunDirectory
from tests.nas.report.made import make_board, make_run
from tests.nas.test_train import folder


@pytest.fixture
def searched(tmp_path: Path) -> RunDirectory:
    return make_run(tmp_path / "results" / "runs" / "one", folder(tmp_path / "data"), trials=4)


@pytest.fixture
def refuses() -> Callable[[Path], str]:
    """Ask for a report that cannot be made: nothing may be written; returns the sentence."""

    def refuses(directory: Path) -> str:
        before = sorted(directory.rglob("*"))
        with pytest.raises(UserError) as error:
            write_report(directory)
        assert sorted(directory.rglob("*")) == before
        return str(error.value)

    return refuses


def test_the_newest_run_into_another_place(run: Callable[..., Any], searched: RunDirectory, tmp_path: Path) -> None:
    data = (tmp_path / "data").rename(tmp_path / "moved")
    done = run("nas.report", "--out", "page", "--data", data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "page/report.html\n"
    assert not (searched.path / "report.html").exists()
    names = {path.name for path in (tmp_path / "page" / "figures").iterdir()}
    assert {"mistakes.png", "mistakes.pdf"} <= names
    text = (tmp_path / "page" / "report.html").read_text()
    assert "importances" not in text
    assert "too few to say" in text


def test_a_mistake_is_one_sentence(fails: Callable[..., str]) -> None:
    assert "is the directory of neither a search nor a leaderboard" in fails("nas.report", "nowhere")


def test_without_images_study_and_predictions(searched: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    (searched.path / "study.db").unlink()
    text = write_report(searched.path).read_text()
    assert "The images cannot be shown: the data set" in text
    assert "study.db is gone" in text
    assert not (searched.path / "study.db").exists()
    next(searched.path.glob("retrain/*/seed-0/predictions.parquet")).unlink()
    assert "The predictions of the test images were removed" in write_report(searched.path).read_text()


def test_nothing_found_yet(searched: RunDirectory, refuses: Callable[[Path], str]) -> None:
    searched.best_file.unlink()
    assert "has found nothing yet: go on with" in refuses(searched.path)


@pytest.mark.parametrize("pattern", ["best.json", "candidates.csv", "environment.json", "summary.json", "*.parquet"])
def test_a_damaged_file_is_named(searched: RunDirectory, refuses: Callable[[Path], str], pattern: str) -> None:
    file = sorted(searched.path.rglob(pattern))[0]
    file.write_bytes(b"\x00 damaged")
    assert str(file) in refuses(searched.path)


def test_predictions_of_other_images(searched: RunDirectory, refuses: Callable[[Path], str], tmp_path: Path) -> None:
    (tmp_path / "board").mkdir()
    board = make_board(tmp_path / "board", ("ResNet-18",), ("no_substructure", "subhalo", "vortex"))
    other = tmp_path / "board" / board.rows[0].trainings[1].predictions
    second = next(searched.path.glob("retrain/*/seed-1/predictions.parquet"))
    second.write_bytes(other.read_bytes())
    assert f"{second} is of other images than" in refuses(searched.path)


def test_a_board_of_another_version(tmp_path: Path, refuses: Callable[[Path], str]) -> None:
    make_board(tmp_path, ("ResNet-18",))
    file = tmp_path / "leaderboard.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "version": 99}))
    assert "was written by another version" in refuses(tmp_path)
