"""However a command is asked to end, it ends, soon and in one sentence."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = """
import sys, time
from dataclasses import dataclass
from nas.common.cli import Command, main


@dataclass(frozen=True)
class Settings:
    \"\"\"Wait to be interrupted.\"\"\"

    slow: bool = False
    \"\"\"Take long to clean up.\"\"\"
    dropping: bool = False
    \"\"\"Wait in the finalizer of an object.\"\"\"


class Dropped:
    def __del__(self):
        print("waiting", flush=True)
        time.sleep(300)


def run(settings):
    try:
        if settings.dropping:
            Dropped()
        print("waiting", flush=True)
        time.sleep(300)
    finally:
        print("cleaning", flush=True)
        if settings.slow:
            time.sleep(300)


main("wait", Command(Settings, "__main__:run"))
"""

Start = Callable[..., "subprocess.Popen[str]"]


def _hear() -> None:
    """Heed signals that a shell in the background, or nohup, has the tests ignore."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the program, and return when it waits."""
    (tmp_path / "wait.py").write_text(PROGRAM)
    started = []

    def start(*arguments: str, before: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*before, sys.executable, tmp_path / "wait.py", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            preexec_fn=_hear,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_interrupts(start: Start, number: signal.Signals) -> None:
    process = start()
    process.send_signal(number)
    said, error = process.communicate(timeout=60)
    assert (process.returncode, said, error) == (130, "cleaning\n", "error: interrupted\n")


def test_an_interruption_that_python_drops_is_not_lost(start: Start) -> None:
    process = start("--dropping")
    process.send_signal(signal.SIGTERM)
    said, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said in ("cleaning\n", "waiting\ncleaning\n")
    assert error == "error: interrupted\n"


def test_an_interruption_that_is_dropped_at_the_end_kills_nobody() -> None:
    """There is nothing left to interrupt, and the alarm must not end the process."""
    program = """
import os, signal, sys, time
from nas.common.interruption import interrupt_on_signals


class Last:
    def __del__(self):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            pass


class Slow:
    def __del__(self):
        time.sleep(0.2)


interrupt_on_signals()
sys.slow, sys.last = Slow(), Last()
import atexit
atexit.register(delattr, sys, "last")
"""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
        assert done.returncode == 0


def test_a_second_signal_ends_what_takes_long(start: Start) -> None:
    process = start("--slow")
    process.send_signal(signal.SIGINT)
    assert process.stdout is not None
    assert process.stdout.readline() == "cleaning\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130


def test_what_takes_too_long_is_ended(start: Start) -> None:
    process = start("--slow")
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130


def test_what_shall_outlive_its_terminal_does(start: Start) -> None:
    process = start(before=("nohup",))
    process.send_signal(signal.SIGHUP)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 130


@pytest.mark.parametrize("command", ["nas.train", "baselines.leaderboard"])
def test_an_interrupted_import_is_answered_in_one_sentence(tmp_path: Path, command: str) -> None:
    """A library that is imported before the command can see to signals is interrupted."""
    (tmp_path / "jsonargparse.py").write_text("raise KeyboardInterrupt\n")
    done = subprocess.run(
        [sys.executable, "-m", command, "--help"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")
