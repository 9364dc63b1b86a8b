import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.running import Run

# Where tests run in several processes, these and the commands that they start are as many as there
# are cores, and threads would only wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("OMP_NUM_THREADS", "1")

# A machine with two cores is slow and shared, so a deadline for an example would test the machine.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files of few tests, which last longest and should not be waited for."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: tests[item.path])


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give every test a cache of its own, and leave the user's alone."""
    directory = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LENS_NAS_CACHE", str(directory))
    return directory


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run ``python -m MODULE ARGUMENTS`` as a user does, in an empty directory."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", *map(str, arguments)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=os.environ,
            timeout=300,
            check=False,
        )

    return run


@pytest.fixture
def fails(run: Run) -> Callable[..., str]:
    """Run a command that must fail with a user's mistake, and return the sentence."""

    def fails(*arguments: object) -> str:
        done = run(*arguments)
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
        assert len(errors) == 1, done.stderr
        return errors[0].removeprefix("error: ")

    return fails
