"""The tables that are made of a board, and which published scores stand where."""

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch

from baselines.leaderboard import tables
from baselines.leaderboard.contest import Contest
from baselines.leaderboard.costs import LatencyCache
from baselines.leaderboard.entries import Entry
from baselines.leaderboard.grid import Grid
from baselines.leaderboard.standings import Standings
from baselines.leaderboard.trainings import Cache
from baselines.leaderboard.words import cut_off_warning
from baselines.published import published_elsewhere
from nas.common.provenance import environment
from nas.data.options import ReadOptions
from nas.training.images import TrainingImages
from nas.training.recipe import Recipe
from tests.folders import folder
from tests.nas.report.made import make_board
from tests.nas.search.runs import LINES


def test_classes_of_any_name(tmp_path: Path) -> None:
    """A class may be named like a part of another column, and its score is no cost."""
    board = make_board(tmp_path, ("ResNet-18", "ViT"), classes=("low", "high", "std"))
    table = pd.read_csv(io.StringIO(tables.csv(board)))
    assert table.columns.is_unique
    first = board.rows[0]
    assert (table["auc_low"][0], table["auc_high"][0]) == pytest.approx(first.interval)
    assert table["auc_std"][0] == pytest.approx(first.metrics["test"]["auc"].std)
    assert table["class_auc_std"][0] == pytest.approx(first.metrics["test"]["auc_std"].mean)
    ranked = tables.ordered(board.rows, "class_auc_std", board.data, board.latency_batches)
    scores = [row.metrics["test"]["auc_std"].mean for row in ranked if row.metrics]
    assert scores == sorted(scores, reverse=True)


def test_a_whole_path_is_not_published(tmp_path: Path) -> None:
    board = make_board(tmp_path, ("ResNet-18",))
    secret = replace(board, data=replace(board.data, directory="/home/somebody/lenses"))
    assert "* Data: lenses, " in tables.markdown(secret)
    assert "somebody" not in tables.markdown(secret)


def test_published_scores_are_those_of_the_network(tmp_path: Path) -> None:
    """What counts is what a network is, not what it is called."""
    images = TrainingImages.open(folder(tmp_path / "data"), ReadOptions())
    cache = Cache(tmp_path / "trainings", images)
    entries = [
        Entry.of("a title", "baseline", "", images.card("resnet18"), Recipe()),
        Entry.of("ResNet-18", "named", "", images.card("lens_nano", LINES[0]), Recipe()),
    ]
    contests = [Contest(entry, Grid((0.001,), (0.05,)), (0,), cache) for entry in entries]
    for contest in contests:
        task = contest.next()
        assert task is not None
        contest.fail(task, "it broke")
    latencies = LatencyCache(tmp_path / "latencies", torch.device("cpu"), "", (1,))
    standings = Standings(contests, images, cache, latencies, tmp_path, environment(), "cpu")
    published = {row.name: [score.dataset for score in row.published] for row in standings.rows()}
    assert (published["a title"], published["ResNet-18"]) == (["Model I", "Model II"], [])
    assert {"EfficientNet-B2", "ResNet-18"} - published_elsewhere({"resnet18"}).keys() == {
        "ResNet-18"
    }


def test_it_says_how_long_networks_were_trained(tmp_path: Path) -> None:
    board = make_board(tmp_path, ("ResNet-18",))
    recipe = {**board.recipe, "schedule": "wsd", "patience": 7}
    first = board.rows[0]
    cut = replace(first.trainings[0], cut_off="time")
    rows = (replace(first, trainings=(cut, *first.trainings[1:])), *board.rows[1:])
    changed = replace(board, recipe=recipe, rows=rows)
    assert cut_off_warning(changed).startswith("1 of 4 trainings ended while validation still")
    assert cut_off_warning(board) == ""
    page = tables.markdown(changed)
    assert "until validation had not gained for 7 epochs" in page
    assert "1 of 4 trainings were cut off before that" in page
    assert "In 4 of 4 the last epoch was the best" in tables.markdown(board)


@pytest.mark.parametrize(("best", "said"), [(0, "smallest"), (1, ""), (2, "largest")])
def test_it_says_where_the_best_may_lie_beyond_the_grid(
    tmp_path: Path, best: int, said: str
) -> None:
    images = TrainingImages.open(folder(tmp_path / "data"), ReadOptions())
    cache = Cache(tmp_path / "trainings", images)
    entry = Entry.of("ViT", "baseline", "", images.card("test_vit"), Recipe())
    contest = Contest(entry, Grid((0.001, 0.002, 0.004), (0.05,)), (0,), cache)
    for number, task in enumerate(list(iter(contest.next, None))):
        contest.succeed(task, 0.9 if number == best else 0.8)
    last = contest.next()
    assert last is not None
    contest.fail(last, "it broke")
    latencies = LatencyCache(tmp_path / "latencies", torch.device("cpu"), "", (1,))
    standings = Standings([contest], images, cache, latencies, tmp_path, environment(), "cpu")
    notes = standings.rows()[0].notes
    assert [note.partition(" learning rate")[0] for note in notes] == (
        [f"chose the {said}"] if said else []
    )
