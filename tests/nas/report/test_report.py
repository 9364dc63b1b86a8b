"""``python -m nas.report`` at its door: what it writes, where, and what it refuses."""

import html
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from nas.common.errors import UserError
from nas.data.options import ReadOptions
from nas.report.board import INTERVALS_SAY
from nas.report.drawing import picture
from nas.report.page import Page, Section
from nas.report.report import write_report
from nas.report.rows import Spread
from nas.report.steps import next_steps
from nas.search.result import Evaluation, Finalist, Finals
from nas.search.run_directory import RunDirectory
from nas.search.study import SearchStudy
from tests.folders import folder
from tests.nas.report.made import make_board, make_run, make_whole_board
from tests.nas.search.studies import auc


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


def test_the_newest_run_into_another_place(
    run: Callable[..., Any], searched: RunDirectory, tmp_path: Path
) -> None:
    data = (tmp_path / "data").rename(tmp_path / "moved")
    done = run("nas.report", "--out", "page", "--data", data)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "page/report.html\n"
    assert done.stderr.endswith("\n    python -m baselines.leaderboard --run results/runs/one\n")
    assert not (searched.path / "report.html").exists()
    names = {path.name for path in (tmp_path / "page" / "figures").iterdir()}
    assert {"mistakes.png", "mistakes.pdf"} <= names
    text = (tmp_path / "page" / "report.html").read_text()
    assert "importances" not in text
    assert "too few to say" in text


def test_after_a_leaderboard_its_best_network_can_be_used(tmp_path: Path) -> None:
    board = make_board(tmp_path, ("a", "b"))
    assert next_steps(tmp_path) == {}  # its weights are gone
    best = max(board.rows, key=lambda row: row.validation_score)
    training = max(best.trainings, key=lambda training: training.validation["auc"])
    weights = tmp_path / Path(training.predictions).parent / "model.safetensors"
    weights.touch()
    assert next_steps(tmp_path) == {
        f"Classify images with {best.name}": f"predict --checkpoint {weights} --data DIR"
    }


def test_a_search_that_was_not_retrained_can_be(searched: RunDirectory) -> None:
    shutil.rmtree(searched.path / "retrain")
    assert [*next_steps(searched.path).values()] == [f"retrain --run {searched.path}"]


def test_a_mistake_is_one_sentence(fails: Callable[..., str], tmp_path: Path) -> None:
    assert "nowhere is no directory" in fails("nas.report", "nowhere")
    (tmp_path / "empty").mkdir()
    assert "is the directory of neither a search nor a leaderboard" in fails("nas.report", "empty")


def test_without_images_study_and_predictions(searched: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "data").rename(tmp_path / "elsewhere")
    (searched.path / "study.db").unlink()
    text = write_report(searched.path).read_text()
    assert "The images cannot be shown: the data set" in text
    assert "study.db is gone" in text
    assert not (searched.path / "study.db").exists()
    next(searched.path.glob("retrain/*/seed-0/predictions.parquet")).unlink()
    assert (
        "The predictions of the test images were removed" in write_report(searched.path).read_text()
    )


def test_an_image_that_was_renamed_costs_the_examples_only(
    searched: RunDirectory, tmp_path: Path
) -> None:
    predictions = pd.read_parquet(next(searched.path.glob("retrain/*/seed-0/predictions.parquet")))
    for name in sorted(set(predictions["file"])):
        # The same pixels in the same order are the same data set.
        file = tmp_path / "data" / name
        file.rename(file.with_stem(f"{file.stem}_"))
    text = write_report(searched.path).read_text()
    assert "of which there are predictions: give the file its former name" in text
    names = {path.stem for path in (searched.path / "figures").iterdir()}
    assert {"roc", "confusion"} <= names
    assert "mistakes" not in names


@pytest.mark.parametrize(
    ("options", "moved"), [(ReadOptions(), False), (ReadOptions(crop=24), True)]
)
def test_a_leaderboard_whose_data_and_search_are_there(
    searched: RunDirectory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: ReadOptions,
    moved: bool,
) -> None:
    """The search is found in the working directory, or beside a leaderboard that was moved."""
    board = searched.path.parent / "board"
    board.mkdir()
    monkeypatch.chdir(tmp_path)
    source = os.path.relpath(searched.path, board if moved else tmp_path)
    make_whole_board(board, tmp_path / "data", options, source)
    if moved:
        (tmp_path / "elsewhere").mkdir()
        board = board.parent.rename(tmp_path / "elsewhere" / "runs") / "board"
        monkeypatch.chdir(tmp_path / "data")
    text = html.unescape(write_report(board).read_text())
    assert {path.stem for path in (board / "figures").glob("*.pdf")} == {
        "scores",
        "learning",
        "costs",
        "reliability",
        "roc",
        "confusion",
        "mistakes",
        "successes",
        "architecture-1",
        "searches",
    }
    assert "cannot be shown" not in text
    assert "is gone" not in text
    assert text.count(INTERVALS_SAY) >= 2


def test_figures_that_a_page_lacks_are_removed_and_nothing_else(tmp_path: Path) -> None:
    def page(*names: str) -> Page:
        return Page(
            "",
            "",
            (Section("", pictures=tuple(picture(name, Figure, "", "") for name in names)),),
        )

    page("architecture-1", "architecture-12", "searches", "roc").write(tmp_path)
    figures = tmp_path / "figures"
    for name in ("mine.png", "costs.txt", "my-roc.pdf", "architecture.png"):
        (figures / name).touch()
    page("architecture-1", "roc").write(tmp_path)
    assert {file.name for file in figures.iterdir()} == {
        "architecture-1.png", "architecture-1.pdf", "roc.png", "roc.pdf",
        "mine.png", "costs.txt", "my-roc.pdf", "architecture.png",
    }  # fmt: skip


def test_words_and_figures_are_of_the_baselines_that_validation_likes_best(tmp_path: Path) -> None:
    board = make_board(tmp_path, ("a", "b", "c"))
    poorest = min(
        (row for row in board.rows if row.kind == "baseline" and row.trainings),
        key=lambda row: row.test_score,
    )
    liked = replace(poorest, metrics={**poorest.metrics, "validation": {"auc": Spread(1.0, None)}})
    replace(board, rows=tuple(liked if row == poorest else row for row in board.rows)).write(
        tmp_path
    )
    text = write_report(tmp_path).read_text()
    assert (
        f"The baseline that validation likes best, {liked.name}, has a test AUC of "
        f"{liked.test_score:.4f}" in text
    )
    assert "best baseline" not in text
    assert f"; {liked.name}: no taken for" in text


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "report.html").mkdir()
    with pytest.raises(UserError, match=r"cannot be written into .* \(Is a directory\): make room"):
        Page("", "", ()).write(tmp_path)


def test_a_search_that_was_resumed_on_another_machine_says_so(searched: RunDirectory) -> None:
    searched.write_environment(
        {"command": "python -m nas.search --resume one", "date": "2026-01-01"}
    )
    text = write_report(searched.path).read_text()
    assert "<dd>python -m nas.search; then python -m nas.search --resume one</dd>" in text
    assert "<dd>2026-01-01</dd>" in text


def test_nothing_found_yet(searched: RunDirectory, refuses: Callable[[Path], str]) -> None:
    searched.best_file.unlink()
    assert "has found nothing yet: go on with" in refuses(searched.path)


@pytest.mark.parametrize(
    "pattern", ["best.json", "candidates.csv", "environment.json", "summary.json", "*.parquet"]
)
def test_a_damaged_file_is_named(
    searched: RunDirectory, refuses: Callable[[Path], str], pattern: str
) -> None:
    file = sorted(searched.path.rglob(pattern))[0]
    file.write_bytes(b"\x00 damaged")
    assert str(file) in refuses(searched.path)


def test_predictions_of_other_images(
    searched: RunDirectory, refuses: Callable[[Path], str], tmp_path: Path
) -> None:
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


FEW = """network,images,seed,params,test_auc,averaged_auc,of_a_later_version
<b>a</b>,500,0,100,0.5,0.61,
<b>a</b>,500,1,100,0.7,0.71,
<b>a</b>,8000,0,100,0.975,0.975,
<b>a</b> untied,500,0,800,0.4567,0.5,
"""


def test_a_table_of_trainings_on_few_images_becomes_a_figure(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    make_board(tmp_path / "board", ("ResNet-18",))
    (tmp_path / "few.csv").write_text(FEW)
    done = run("nas.report", "board", "--data-efficiency", "few.csv")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "board" / "report.html").read_text()
    assert text.index("How many images it takes") < text.index("How this was made")
    assert "&lt;b&gt;a&lt;/b&gt; on 500 images 0.6000" in text  # the mean of two seeds
    assert "&lt;b&gt;a&lt;/b&gt; untied on 500 images 0.4567" in text
    assert (tmp_path / "board" / "figures" / "efficiency.pdf").exists()
    write_report(tmp_path / "board")
    assert not (tmp_path / "board" / "figures" / "efficiency.pdf").exists()


def test_a_search_shows_trainings_on_few_images_too(searched: RunDirectory, tmp_path: Path) -> None:
    (tmp_path / "few.csv").write_text(FEW)
    text = write_report(searched.path, efficiency=tmp_path / "few.csv").read_text()
    assert text.index("How many images it takes") < text.index("How this was made")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "there is no table"),
        ("", "no trainings"),
        (FEW.replace("0.5,", "1.5,"), "line 2, test_auc: should be from 0 to 1"),
        (FEW.replace("params", "weights"), "line 2, params: field required"),
        (
            FEW.replace("of_a_later_version", "nuisance").replace(",\n", ",0.5\n", 1),
            "several kinds",
        ),
    ],
)
def test_a_wrong_table_of_trainings_on_few_images(
    fails: Callable[..., str], tmp_path: Path, text: str | None, words: str
) -> None:
    make_board(tmp_path / "board", ("ResNet-18",))
    if text is not None:
        (tmp_path / "few.csv").write_text(text)
    told = fails("nas.report", "board", "--data-efficiency", "few.csv")
    assert "few.csv" in told
    assert words in told
    assert not (tmp_path / "board" / "report.html").exists()


def test_a_leaderboard_whose_logs_are_damaged_or_gone(
    tmp_path: Path, refuses: Callable[[Path], str]
) -> None:
    board = make_board(tmp_path, ("ResNet-18",))
    first, *others = (tmp_path / one.predictions for row in board.rows for one in row.trainings)
    log = first.with_name("log.csv")
    log.write_text("epoch,val_auc\n1,2.5\n")
    assert f"{log} is damaged (line 2, val_auc: should be from 0 to 1)" in refuses(tmp_path)
    log.unlink()
    write_report(tmp_path)
    assert (tmp_path / "figures" / "learning.pdf").exists()
    for file in others:
        file.with_name("log.csv").unlink()
    text = write_report(tmp_path).read_text()
    assert "The logs of the trainings are not beside leaderboard.json." in text
    assert not (tmp_path / "figures" / "learning.pdf").exists()


def calibration_error(told: pd.DataFrame, names: list[str], temperature: float) -> float:
    shares = told[names] ** (1 / temperature)
    sure = shares.max(axis=1) / shares.sum(axis=1)
    gaps = (shares.idxmax(axis=1) == told["label"]) - sure
    return float(gaps.groupby((sure * 15).astype(int)).sum().abs().sum() / len(told))


def test_what_is_said_of_both_scores_and_of_calibration(tmp_path: Path) -> None:
    board = make_board(tmp_path, ("ResNet-18",))
    text = write_report(tmp_path).read_text()
    for row in board.rows[:2]:
        averaged = row.metrics["test"]["averaged_auc"].mean
        assert f"{row.name} {row.test_score:.4f}, averaged {averaged:.4f}" in text
        tables = [pd.read_parquet(tmp_path / one.predictions) for one in row.trainings]
        plain, at_two = (
            sum(calibration_error(told, list(board.data.classes), temperature) for told in tables)
            / len(tables)
            for temperature in (1.0, 2.0)
        )
        assert f"{row.name}: {plain:.3f}" in text
        assert f">{plain:.4f}</td>" in text
        assert re.search(rf">2\.00</td>\s*<td[^>]*>{at_two:.4f}</td>", text)


def halved(searched: SearchStudy) -> SearchStudy:
    """Train candidates for three epochs, a third of them past the first."""
    while (task := searched.next()) is not None:
        score = auc(task.architecture)
        if any(searched.report(task.number, epoch, score) for epoch in (1, 2)):
            searched.stop(task.number, Evaluation(auc=score))
        else:
            searched.complete(task.number, Evaluation(auc=score))
    return searched


def test_who_was_dropped_where(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", folder(tmp_path / "data"), 12, halved, first_rung=1)
    states = Counter(item.state for item in run.candidates() if item.duplicate_of is None)
    assert states["stopped"] > states["complete"] > 1
    best = run.best()
    first, second = best.pareto[0], next(one for one in run.candidates() if one.state == "complete")
    finalists = tuple(
        Finalist(trial=one.number, architecture=one.architecture, params=1, flops=1, aucs=(0.9,))
        for one in {first.number: first, second.number: second}.values()
    )
    finals = Finals(epochs=12, finalists=finalists, recommended=first.number)
    run.write_best(replace(best, recipe={"epochs": 3}, finals=finals))
    text = write_report(run.path).read_text()
    assert (
        f"after epoch 1: {states.total()} trained, {states['stopped']} dropped; "
        f"after epoch 3: {states['complete']} trained, "
        f"{states['complete'] - len(finalists)} dropped; "
        f"finals, after epoch 12: {len(finalists)} trained, {len(finalists) - 1} dropped." in text
    )
    assert (run.path / "figures" / "funnel.pdf").exists()


def test_a_search_of_one_stage_dropped_nobody(searched: RunDirectory) -> None:
    assert "Who was dropped where" not in write_report(searched.path).read_text()
