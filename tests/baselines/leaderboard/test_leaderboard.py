"""``python -m baselines.leaderboard`` trains, judges, writes, goes on, and names mistakes."""

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import search_spaces
from baselines.leaderboard import command as leaderboard
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.report.board import INTERVALS_SAY
from nas.report.rows import Row
from nas.search.run_directory import RunDirectory
from nas.training.predictions import read_predictions
from tests.baselines.leaderboard.boards import (
    QUICK,
    board,
    directory,
    networks,
    row,
    settings,
    trainings,
)
from tests.nas.search.runs import LINES


def test_every_row(place: Path) -> None:
    shown = board()
    assert {row.name: row.kind for row in shown.rows} == {
        "found: search": "found",
        "mbconv": "named",
        "test_resnet": "baseline",
        "test_vit": "baseline",
        "chance": "reference",
        "majority class": "reference",
    }
    assert [row.test_score for row in shown.rows] == sorted(
        (row.test_score for row in shown.rows), reverse=True
    )
    for entry in networks(shown):
        aucs, correct = [], []
        for training in entry.trainings:
            table = read_predictions(
                RUNS / "leaderboard" / training.predictions, shown.data.classes
            )
            areas = {
                name: roc_auc_score(table["label"] == name, table[name])
                for name in shown.data.classes
            }
            aucs.append(np.mean(list(areas.values())))
            correct.append((table[list(areas)].idxmax(axis=1) == table["label"]).mean())
            assert training.test["auc"] == pytest.approx(aucs[-1])
            assert {name: training.test[f"auc_{name}"] for name in areas} == pytest.approx(areas)
        spread = entry.metrics["test"]["auc"]
        assert (spread.mean, spread.std) == pytest.approx((np.mean(aucs), np.std(aucs, ddof=1)))
        assert entry.metrics["test"]["accuracy"].mean == pytest.approx(np.mean(correct))
        assert [training.seed for training in entry.trainings] == [0, 1]
        for number, training in enumerate(entry.trainings):
            made = training.made
            assert (training.epoch, made.device, made.threads, made.at_a_time) == (1, "cpu", 1, 1)
            # It says which command was typed, not that of the worker.
            assert (
                json.loads((directory(entry, number) / "result.json").read_text())["command"]
                == shown.command
            )
        assert entry.latency_ms.keys() == {"1", "2"}
        assert entry.interval is not None
        assert entry.interval[0] - 1e-9 <= spread.mean <= entry.interval[1] + 1e-9
        if entry.name == "found: search":
            assert shown.best_found == entry.name
            assert entry.comparison is None
        else:
            assert entry.comparison is not None
            assert entry.comparison.difference == pytest.approx(
                spread.mean - row("found: search").test_score
            )
    assert shown.data.directory == "data"
    found = row("found: search")
    assert (RUNS / "leaderboard" / found.source).resolve() == (RUNS / "search").resolve()
    assert (found.params, found.flops) == (
        search_spaces.params(search_spaces.get_space("lens_nano").smallest),
        search_spaces.flops(search_spaces.get_space("lens_nano").smallest, 32),
    )
    for name in ("chance", "majority class"):
        scores = row(name).metrics["test"]
        assert (scores["auc"].mean, scores["accuracy"].mean) == (0.5, pytest.approx(1 / 3))


def test_all_try_the_same_rates_and_losers_never_see_the_test_images(place: Path) -> None:
    counted = set()
    for entry in networks(board()):
        assert list(entry.tried) == ["0.001", "0.004"]
        assert entry.learning_rate == float(
            max(entry.tried, key=lambda rate: entry.tried[rate] or 0.0)
        )
        assert entry.tried[f"{entry.learning_rate:g}"] == entry.trainings[0].validation["auc"]
        counted |= {directory(entry, number).name for number in range(2)}
    tried = {path.parent.name for path in RUNS.glob("leaderboard/trainings/*/validation.json")}
    assert len(tried) == 8
    assert len(counted) == 8
    assert len(tried & counted) == 4
    for lost in tried - counted:
        names = {path.name for path in (RUNS / "leaderboard" / "trainings" / lost).iterdir()}
        assert names == {"log.csv", "tracking", "validation.json"}


def test_the_tables(place: Path) -> None:
    table = pd.read_csv(RUNS / "leaderboard" / "leaderboard.csv")
    shown = board()
    assert list(table["network"]) == [row.name for row in shown.rows]
    aucs = table["auc"][table["rank"].notna()]
    assert list(table["rank"].dropna()) == list(aucs.rank(method="min", ascending=False))
    assert set(table["network"][table["rank"].isna()]) == {"chance", "majority class"}
    assert list(table["auc"]) == pytest.approx([row.test_score for row in shown.rows])
    assert list(table["wrong"]) == pytest.approx(
        [round(9 * (1 - value), 1) for value in table["accuracy"]]
    )
    page = (RUNS / "leaderboard" / "leaderboard.md").read_text()
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[1] for line in lines[1:]] == [row.name for row in shown.rows]
    assert len({line.count("|") for line in lines}) == 1
    assert "Published on other data" in page
    assert str(Path.cwd()) not in page
    for words in (
        INTERVALS_SAY,
        "Trainings ran 1 at a time with 1 thread each. In 8 of 8 the last epoch was the best",
        "Of 4 networks that tried several learning rates",
    ):
        assert words in page
    assert (RUNS / "leaderboard" / "report.html").stat().st_size > 10_000
    # A leaderboard is no search, so that the newest search stays what it was.
    assert RunDirectory.newest().path == RUNS / "search"


def test_every_training_is_tracked(place: Path) -> None:
    for training in (RUNS / "leaderboard" / "trainings").iterdir():
        assert list(training.glob("tracking/tensorboard-*/events*"))


def test_finished_is_not_trained_again(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, page = trainings(), (RUNS / "leaderboard" / "leaderboard.csv").read_text()
    # A kill right after the network was judged leaves its state.
    left = directory(row("test_vit")) / "state.safetensors"
    left.touch()
    monkeypatch.delattr(leaderboard, "train_all")
    leaderboard.run(settings())
    assert trainings() == before
    assert (RUNS / "leaderboard" / "leaderboard.csv").read_text() == page
    assert not left.exists()
    ranks = board().ranks
    leaderboard.run(settings(sort="parameters"))
    assert [row.params for row in networks(board())] == sorted(
        row.params or 0 for row in networks(board())
    )
    table = pd.read_csv(RUNS / "leaderboard" / "leaderboard.csv").dropna(subset="rank")
    assert dict(zip(table["network"], table["rank"], strict=True)) == ranks


def test_what_was_made_otherwise_is_said(place: Path) -> None:
    result = directory(row("test_vit"), 1) / "result.json"
    values = json.loads(result.read_text())
    others = {
        "device": "cuda",
        "commit": "0123abc",
        "threads": 7,
        "versions": f"{values['versions']}, ray 0.1",
    }
    result.write_text(json.dumps({**values, **others, "hardware": "a big one"}))
    leaderboard.run(settings())
    notes = (
        "trained on cuda",
        "trained on a big one",
        "trained with ray 0.1",
        "trained at commit 0123abc",
    )
    assert {entry.name: entry.notes for entry in networks(board()) if entry.notes} == {
        "test_vit": notes
    }
    page = (RUNS / "leaderboard" / "leaderboard.md").read_text()
    assert all(f"* test_vit: {note}.\n" in page for note in notes)
    assert "1 at a time with 7 threads each (test_vit)" in page


def test_adding_a_model_adds_its_row(place: Path) -> None:
    before, rows = trainings(), rows_but("test_efficientnet")
    leaderboard.run(settings(models="test_resnet,test_vit,test_efficientnet", seeds=2))
    after = trainings()
    assert {path: after[path] for path in before} == before
    added = {Path(path).parent for path in after.keys() - before.keys()}
    assert {
        json.loads(next(path.glob("*.json")).read_text())["model"]["model"] for path in added
    } == {"test_efficientnet"}
    assert len(added) == 3
    assert rows_but("test_efficientnet") == rows


def rows_but(name: str) -> dict[str, Row]:
    """All rows but one; their p-values are left out, which are corrected for how many there are."""
    return {
        row.name: replace(row, comparison=row.comparison and replace(row.comparison, p_value=0.0))
        for row in board().rows
        if row.name != name
    }


def test_a_failure_costs_one_row(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """First one training's state is spoilt; then all losses are no numbers."""
    spoilt = directory(row("test_resnet"), 1)
    for name in ("result.json", "predictions.parquet"):
        (spoilt / name).unlink()
    (spoilt / "state.safetensors").write_bytes(b"nothing")
    rows = rows_but("test_resnet")
    leaderboard.run(settings())
    assert (
        f"test_resnet failed: seed 1: {spoilt / 'state.safetensors'} is no whole"
        in capsys.readouterr().out
    )
    assert row("test_resnet").trainings == ()
    assert rows_but("test_resnet") == rows
    with pytest.raises(UserError, match="no network could be trained"):
        leaderboard.run(
            settings(models="test_vit", architecture="", learning_rates="1e38", seeds=1)
        )
    failure = row("test_vit").failure
    assert failure.startswith("seed 0: in epoch 1 the loss of step 1 is ")
    # The loss would be no number again, and the training is not tried.
    monkeypatch.delattr(leaderboard, "train_all")
    with pytest.raises(UserError, match="no network could be trained"):
        leaderboard.run(
            settings(models="test_vit", architecture="", learning_rates="1e38", seeds=1)
        )
    assert row("test_vit").failure == failure


def test_a_full_disk_ends_it_with_one_sentence(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    changes: dict[str, Any] = {"models": "test_efficientnet", "architecture": "", "seeds": 1}
    with monkeypatch.context() as patch:
        patch.setattr(leaderboard, "write_text", full)
        with pytest.raises(
            UserError,
            match=r"leaderboard cannot be written \(No space left on device\): make room, and",
        ):
            leaderboard.run(settings(**changes))
    leaderboard.run(settings(**changes))
    assert row("test_efficientnet").trainings


def test_killed_and_continued(place: Path) -> None:
    """A leaderboard that was killed comes to the predictions of an unbroken one.

    It is killed when the first training was judged.
    """
    unbroken = {row.name: row for row in networks(board())}
    shutil.move(RUNS / "leaderboard", "unbroken")
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    flags += ["--models=test_vit", "--seeds=2"]
    command = [sys.executable, "-m", "baselines.leaderboard", *flags]
    root = Path(leaderboard.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(
        command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    while not list(RUNS.glob("leaderboard/trainings/*/result.json")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    judged = {
        path: path.stat().st_mtime_ns for path in RUNS.glob("leaderboard/trainings/*/result.json")
    }
    assert 1 <= len(judged) < 4
    leaderboard.run(settings(models="test_vit", architecture=""))
    assert {path: path.stat().st_mtime_ns for path in judged} == judged
    for entry in networks(board()):
        for number, training in enumerate(entry.trainings):
            now = pd.read_parquet(RUNS / "leaderboard" / training.predictions)
            then = pd.read_parquet(
                Path("unbroken") / unbroken[entry.name].trainings[number].predictions
            )
            pd.testing.assert_frame_equal(now, then, rtol=1e-4, atol=1e-5)


def test_the_command_without_a_search(run: Callable[..., Any], place: Path, tmp_path: Path) -> None:
    """All trainings are known: the command prints the table, and says what it misses."""
    flags = [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    done = run(
        "baselines.leaderboard",
        *flags,
        "--models=test_vit",
        f"--data={place / 'data'}",
        f"--out={place / RUNS / 'leaderboard'}",
        "--seeds=2",
    )
    assert done.returncode == 0, done.stderr
    assert "no search has found anything yet" in done.stderr
    lines = done.stdout.splitlines()
    (head,) = (number for number, line in enumerate(lines) if line.startswith("#"))
    assert lines[head].split()[:2] == ["#", "network"]
    assert {line[3:17].strip() for line in lines[head + 1 : head + 4]} == {
        "test_vit",
        "chance",
        "majority class",
    }
    assert f"{row('test_vit').test_score:.4f}" in done.stdout


def test_the_same_network_of_two_names_is_trained_once(place: Path) -> None:
    leaderboard.run(settings(models="test_vit", architecture=f"smallest={LINES[0]}"))
    assert len(networks(board())) == 2
    assert row("found: search").notes == ("the same network as smallest",)
