"""What a leaderboard compares, before anything is trained."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baselines.leaderboard.entries import Entry, collect, find_runs
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.data.options import ReadOptions
from nas.search.run_directory import RunDirectory
from nas.training.images import TrainingImages
from nas.training.recipe import Recipe
from search_spaces import get_space
from tests.folders import folder
from tests.nas.search.runs import LINES, searched

ALONE: dict[str, Any] = {"baselines": (), "architectures": (), "space": "hybrid_nano"}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A working directory with data."""
    monkeypatch.chdir(tmp_path)
    folder(Path("data"))


def found(path: Path, line: str) -> RunDirectory:
    """A search that found an architecture."""
    run = searched(path, Path("data"))
    winner = replace(run.best().winner, architecture=line)
    run.write_best(replace(run.best(), winner=winner, pareto=(winner,)))
    return run


def test_random_architectures_as_large_as_the_found_one() -> None:
    run = found(RUNS / "search", LINES[1])  # the smallest one has no others of its size
    images, _, runs = find_runs([], None, ReadOptions())
    assert [item.path for item in runs] == [run.path]
    entries = collect(images, Recipe(), runs=runs, **ALONE, random=3, seed=0)
    assert [entry.kind for entry in entries] == ["found", "named", "named", "named"]
    best, *drawn = [entry.card.build() for entry in entries]
    sizes = [sum(weight.numel() for weight in network.parameters()) for network in drawn]
    assert sizes == pytest.approx(
        [sum(weight.numel() for weight in best.parameters())] * 3, rel=0.15
    )
    assert entries == collect(images, Recipe(), runs=runs, **ALONE, random=3, seed=0)
    assert entries[1:] != collect(images, Recipe(), runs=runs, **ALONE, random=3, seed=1)[1:]


def test_searches_whose_directories_have_the_same_name() -> None:
    paths = [Path("a") / "run", Path("b") / "run"]
    for path, line in zip(paths, LINES, strict=True):
        found(path, line)
    images, _, runs = find_runs(paths, None, ReadOptions())
    entries = collect(images, Recipe(), runs=runs, **ALONE, random=0, seed=0)
    assert [entry.name for entry in entries] == ["found: a/run", "found: b/run"]


def test_data_are_read_as_the_search_read_them() -> None:
    searched(Path("cropped"), Path("data"), crop=40)
    images, options, _ = find_runs([Path("cropped")], None, ReadOptions())
    assert options == ReadOptions(crop=40)
    assert images.dataset.images.shape[2:] == (40, 40)
    with pytest.raises(
        UserError, match=r"cropped read its data with --crop 40, not 36, .*: leave out --crop$"
    ):
        find_runs([Path("cropped")], None, ReadOptions(crop=36))


def test_a_network_without_residual_branches() -> None:
    images = TrainingImages.open(Path("data"), ReadOptions())
    recipe = Recipe(drop_path=0.1)
    without = Entry.of("GhostNet", "baseline", "", images.card("ghostnet_050"), recipe)
    assert without.recipe == replace(recipe, drop_path=0.0)
    assert without.notes == ("has no residual branches: trained with drop path 0",)
    assert Entry.of("ViT", "baseline", "", images.card("test_vit"), recipe).recipe == recipe


def test_architectures_are_listed_with_commas_although_their_lines_have_some() -> None:
    images = TrainingImages.open(Path("data"), ReadOptions())
    given = f"one={LINES[0]},coatnet_like,other=pure_mbconv,two={LINES[1]},last=coatnet_like"
    entries = collect(
        images,
        Recipe(),
        runs=(),
        baselines=(),
        architectures=given.split(","),
        space="hybrid_nano",
        random=0,
        seed=0,
    )
    named = get_space("hybrid_nano").named
    assert {entry.name: entry.card.architecture for entry in entries} == {
        "one": LINES[0],
        "coatnet_like": str(named["coatnet_like"]),
        "other": str(named["pure_mbconv"]),
        "two": LINES[1],
    }
