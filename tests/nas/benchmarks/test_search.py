"""Strategies under the same budget: searches are read again only where they were the same."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nas.benchmarks.search.command import run
from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.search.command import run as search
from nas.search.run_directory import RunDirectory
from nas.search.settings import resumed


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    with cluster(None, 1):
        yield


@pytest.fixture
def settings(tmp_path: Path, data: Path, supernet: Path) -> SearchBenchmarkSettings:
    """One random search."""
    return SearchBenchmarkSettings(
        data=data,
        supernet=supernet,
        strategies=("random",),
        trials=3,
        seeds=1,
        workers=1,
        runs=tmp_path / "runs",
        out=tmp_path / "out",
    )


def test_searches_are_read_again_only_where_they_were_the_same(
    settings: SearchBenchmarkSettings, tmp_path: Path
) -> None:
    run(settings)
    (told,) = json.loads((settings.out / "search.json").read_text())["searches"]
    directory = RunDirectory.open(settings.runs / "random-0")
    assert told["best_auc"] == round(directory.best().winner.auc or 0, 5)
    assert told["wall_seconds"] > 0
    log = (directory.path / "search.log").read_text()
    run(settings)
    assert (directory.path / "search.log").read_text() == log
    for change in (
        {"trials": 2},
        {"workers": 2},
        {"supernet": tmp_path / "other"},
        {"space": "hybrid_small"},
    ):
        (name,) = change
        with pytest.raises(UserError, match=f"random-0 was searched with {name} .*: remove it"):
            run(replace(settings, **change))  # type: ignore[arg-type]
    assert (directory.path / "search.log").read_text() == log
    # Nobody knows when a search that was resumed rested.
    search(resumed(directory.path))
    run(settings)
    (told,) = json.loads((settings.out / "search.json").read_text())["searches"]
    assert (told["wall_seconds"], told["overhead_seconds"]) == (None, None)
    assert "| – | – |" in (settings.out / "search.md").read_text()
