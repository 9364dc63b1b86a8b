"""A finished leaderboard."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from baselines.leaderboard import command as leaderboard
from nas.cluster.connection import cluster
from nas.common.files import RUNS
from tests.baselines.leaderboard.boards import settings
from tests.folders import folder
from tests.nas.search.runs import searched


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    """One Ray for all leaderboards of a module."""
    with cluster(cpus=1):
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A place with data, a search, and a leaderboard.

    The leaderboard has the best of the search, an architecture, and two models.
    """
    place = tmp_path_factory.mktemp("leaderboard")
    with pytest.MonkeyPatch.context() as patch, cluster(cpus=1):
        patch.setenv("LENS_NAS_CACHE", str(place / "cache"))
        patch.chdir(place)
        searched(place / RUNS / "search", folder(place / "data"))
        leaderboard.run(settings())
    return place


@pytest.fixture
def place(finished: Path, running: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the finished place.

    No more reports are written there, for that takes longer than to train such networks.
    """
    copy = tmp_path / "place"
    shutil.copytree(finished, copy)
    monkeypatch.setenv("LENS_NAS_CACHE", str(finished / "cache"))
    monkeypatch.setattr(
        leaderboard, "write_report", lambda directory, data: directory / "report.html"
    )
    monkeypatch.chdir(copy)
    return copy
