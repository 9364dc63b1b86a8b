"""The benchmark of how fast commands answer; no test depends on its clock."""

import json
from pathlib import Path

import pytest

from nas.benchmarks.answers.command import commands, run
from nas.benchmarks.answers.settings import AnswersBenchmarkSettings, check
from nas.common.errors import UserError


def test_every_command_is_asked(tmp_path: Path) -> None:
    run(AnswersBenchmarkSettings(rounds=1, out=tmp_path))
    figures = json.loads((tmp_path / "answers.json").read_text())
    assert {"nas.search", "nas.data", "baselines.leaderboard"} < set(commands())
    for module in commands():
        assert figures[f"{module} --help (processor s)"] > 0


def test_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is no checkout of this toolkit"):
        check(AnswersBenchmarkSettings(against=tmp_path))
    with pytest.raises(UserError, match="--rounds 0 cannot be used"):
        AnswersBenchmarkSettings(rounds=0)
