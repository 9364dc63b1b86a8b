"""Whoever holds a directory holds it alone, and not beside workers of who held it before."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from nas.common import lock
from nas.common.errors import UserError
from nas.common.lock import held, share

WORKER = """
import sys, time
from pathlib import Path
from nas.common.lock import share

share(Path(sys.argv[1]))
print("working", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def left(tmp_path: Path) -> Path:
    """A directory whose holder is gone."""
    with held(tmp_path, "searched", "--run"):
        pass
    return tmp_path


@contextmanager
def working(directory: Path, seconds: float) -> Iterator[None]:
    """Let a worker of a holder that is gone share the directory for so many seconds."""
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, directory, str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "working\n"
    yield
    worker.kill()
    worker.communicate()


def test_a_holder_waits_for_workers_of_the_one_before(left: Path) -> None:
    with working(left, 2):
        start = time.monotonic()
        with held(left, "searched", "--run"):
            assert time.monotonic() - start > 1


def test_workers_that_do_not_end_are_named(left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_SECONDS", 0.5)
    (left / "lock.holder").write_text("process 5 on there\n")
    said = "is still being searched by workers of process 5 on there, which was killed"
    with (
        working(left, 100),
        pytest.raises(UserError, match=said),
        held(left, "searched", "--run"),
    ):
        pass
    # The directory is not held by who could not have it.
    with held(left, "searched", "--run"):
        pass


def test_a_holder_does_not_wait_for_its_own_workers(tmp_path: Path) -> None:
    with held(tmp_path, "searched", "--run"), working(tmp_path, 100):
        pass


def test_who_could_not_write_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(lock, "write_text", full)
        with (
            # The error is kept, and with it all that its frames know.
            pytest.raises(UserError, match="No space left on device") as mistake,
            held(tmp_path, "searched", "--run"),
        ):
            pass
    with held(tmp_path, "searched", "--run"):
        assert mistake


def test_workers_elsewhere_share_nothing(tmp_path: Path) -> None:
    share(tmp_path / "not-here")
    # Nobody holds this directory, which may be one that cannot be written.
    share(tmp_path)
    assert not list(tmp_path.iterdir())
