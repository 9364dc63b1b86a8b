"""What is written down of what made a result."""

import shlex
import sys
from importlib.machinery import ModuleSpec

import pytest

from nas.common.provenance import command


def test_a_recorded_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--architecture", "mine=space/a 1 b;2", "--data", "it's here"]
    monkeypatch.setattr(sys, "argv", ["/somewhere/leaderboard.py", *arguments])
    monkeypatch.setattr(
        sys.modules["__main__"], "__spec__", ModuleSpec("baselines.leaderboard", None)
    )
    assert shlex.split(command()) == ["python", "-m", "baselines.leaderboard", *arguments]
    assert command().startswith("python -m baselines.leaderboard --architecture '")
