"""Leaderboards that are quick, and what they left on the disk."""

from pathlib import Path
from typing import Any

from baselines.leaderboard.settings import LeaderboardSettings
from nas.common.cli import from_plain
from nas.common.files import RUNS
from nas.report.board import Board
from nas.report.rows import Row
from tests.nas.search.runs import LINES

QUICK: dict[str, Any] = {
    "schedule": "cosine",
    "epochs": 1,
    "batch_size": 16,
    "workers": 1,
    "gpus_per_trial": 0.0,
    "latency_batch": 2,
}


def settings(**changes: Any) -> LeaderboardSettings:
    """Return settings as they are given on the command line, lists with commas."""
    chosen = {
        "random": 0,
        "models": "test_resnet,test_vit",
        "architecture": f"mbconv={LINES[1]}",
        "seeds": 2,
        **QUICK,
        **{name: str(one) if isinstance(one, Path) else one for name, one in changes.items()},
    }
    return from_plain(LeaderboardSettings, chosen)


def board() -> Board:
    return Board.read(RUNS / "leaderboard")


def row(name: str) -> Row:
    return next(row for row in board().rows if row.name == name)


def networks(shown: Board) -> list[Row]:
    return [row for row in shown.rows if row.kind != "reference"]


def trainings() -> dict[str, int]:
    """Return the time at which each training that ended was written."""
    files = [
        *RUNS.glob("leaderboard/trainings/*/result.json"),
        *RUNS.glob("leaderboard/trainings/*/validation.json"),
    ]
    return {str(path): path.stat().st_mtime_ns for path in files}


def directory(row: Row, number: int = 0) -> Path:
    return (RUNS / "leaderboard" / row.trainings[number].predictions).parent
