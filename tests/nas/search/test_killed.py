"""``python -m nas.search`` can be stopped and killed, and ends as an unbroken search."""

import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest

from nas.search.command import run as search
from nas.search.run_directory import RunDirectory
from nas.search.settings import resumed
from tests.nas.tracking.curves import curves
from tests.running import Run, ends_within

pytestmark = pytest.mark.usefixtures("running")


def outcomes(directory: Path) -> list[tuple[Any, ...]]:
    """Return all that the study of a run says, without times."""
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{directory / 'study.db'}")
    told = []
    for trial in study.trials:
        attributes = {
            **trial.user_attrs,
            "evaluation": {**trial.user_attrs["evaluation"], "seconds": None},
        }
        told.append(
            (
                trial.number,
                trial.state,
                trial.values,
                trial.params,
                attributes,
                trial.intermediate_values,
            )
        )
    return told


def until_done(
    directory: Path, candidates: int, arguments: list[str], stop: signal.Signals
) -> tuple[int, str]:
    """Run the command, and send it a signal when so many more candidates are done.

    It must end soon, and all of Ray with it. Return the exit status, and what the command wrote to
    stderr.
    """
    command = [sys.executable, "-m", "nas.search", *arguments]
    process = subprocess.Popen(
        command,
        cwd=directory.parent,
        env=os.environ,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore SIGINT, and the command
        # would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    log = directory / "search.log"
    before = log.read_text().count(" complete: ") if log.exists() else 0
    while process.poll() is None:
        if log.exists() and log.read_text().count(" complete: ") >= before + candidates:
            process.send_signal(stop)
            break
        time.sleep(0.02)
    status = process.wait(15)
    assert ends_within(10, session=process.pid) == []
    return status, process.communicate()[1]


def test_a_search_that_was_stopped_and_killed_ends_as_an_unbroken_one(
    run: Run, tmp_path: Path, supernet: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    common = [
        "--data",
        "data",
        "--supernet",
        str(supernet),
        "--strategy",
        "rl",
        "--trials",
        "9",
        "--workers",
        "1",
    ]
    status, told = until_done(tmp_path / "broken", 2, [*common, "--run", "broken"], signal.SIGINT)
    assert status == 130
    assert "go on with: python -m nas.search --resume broken" in told
    assert "Traceback" not in told
    status, told = until_done(tmp_path / "broken", 1, ["--resume", "broken"], signal.SIGTERM)
    assert status == 130
    assert "go on with: python -m nas.search --resume broken" in told
    status, _ = until_done(tmp_path / "broken", 2, ["--resume", "broken"], signal.SIGKILL)
    assert status == -signal.SIGKILL
    done = run("nas.search", "--resume", "broken")
    assert done.returncode == 0, done.stderr
    assert "of them done before" in done.stderr
    search(replace(resumed(tmp_path / "broken"), resume=None, run=tmp_path / "unbroken"))
    assert outcomes(tmp_path / "broken") == outcomes(tmp_path / "unbroken")
    assert len(outcomes(tmp_path / "broken")) == 9
    found = {
        item.number: pytest.approx(item.auc)
        for item in RunDirectory.open(tmp_path / "broken").candidates()
    }
    for name in ("broken", "unbroken"):
        told = curves(tmp_path / name)
        # After a kill a point may be logged twice.
        assert dict(told["candidate/auc"]) == found
        assert list(dict(told["best/auc"])) == list(range(9))
        assert max(told["best/auc"], key=lambda point: point[1])[1] == told["best/auc"][-1][1]
    starts = RunDirectory.open(tmp_path / "broken").environments()
    assert [start["command"].partition(" --")[2].split()[0] for start in starts] == [
        "data",
        "resume",
        "resume",
        "resume",
    ]
    log = (tmp_path / "broken" / "search.log").read_text()
    evaluated = re.findall(r"trial (\d+) complete", log)
    assert sorted(evaluated) == sorted(set(evaluated))


def test_trainings_that_were_killed_end_as_unbroken_ones(tmp_path: Path, data: Path) -> None:
    settings = {
        "fidelity": "scratch",
        "trials": "3",
        "workers": "1",
        "epochs": "2",
        "batch-size": "16",
    }
    flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
    status, _ = until_done(
        tmp_path / "broken", 1, ["--data", "data", *flags, "--run", "broken"], signal.SIGKILL
    )
    assert status == -signal.SIGKILL
    search(resumed(tmp_path / "broken", data=data))
    search(replace(resumed(tmp_path / "broken", data=data), resume=None, run=tmp_path / "unbroken"))
    assert outcomes(tmp_path / "broken") == outcomes(tmp_path / "unbroken")
    assert len(outcomes(tmp_path / "broken")) == 3
