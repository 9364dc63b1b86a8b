"""What ``python -m nas.search`` refuses, in a sentence and before anything is written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nas.common.errors import UserError
from nas.search.command import run as search
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, resumed
from nas.training.recipe import Recipe
from search_spaces import SpaceError
from tests.folders import folder

pytestmark = pytest.mark.usefixtures("running")


@pytest.fixture
def unfinished(tmp_path: Path, data: Path, supernet: Path) -> Path:
    """Make a run that was begun, and stopped before its first candidate."""
    settings = {"data": str(data), "supernet": str(supernet), "trials": 2}
    run = RunDirectory(tmp_path / "unfinished")
    run.path.mkdir()
    run.write_config(settings)
    return run.path


def test_what_a_resumed_search_cannot_change(tmp_path: Path, unfinished: Path, data: Path) -> None:
    def resume(message: str, **changes: Any) -> None:
        with pytest.raises(UserError, match=message):
            search(resumed(unfinished, **changes))

    resume(
        "was begun with --space lens_nano, not hybrid_small: leave --space out",
        space="hybrid_small",
    )
    resume("was begun with --seed 0, not 3", seed=3)
    resume(r"was begun with --supernet-recipe.epochs \d+, not 2", supernet_recipe=Recipe(epochs=2))
    with RunDirectory(unfinished).locked():
        resume("is being searched by process")
    search(resumed(unfinished, trials=1))
    (unfinished / "study.db").write_bytes(b"this is no database" * 100)
    resume(r"database sqlite:\S+ cannot be opened")
    (unfinished / "study.db").unlink()
    (unfinished / "supernet" / "model.safetensors").write_bytes(b"this is no checkpoint")
    resume("is no whole safetensors file")
    (unfinished / "config.yaml").write_text("strategy: [")
    resume("config.yaml is damaged")
    (unfinished / "config.yaml").write_text("colour: red\n")
    resume("the settings cannot be read")


def test_every_flag_of_a_resumed_search_counts(unfinished: Path, fails: Callable[..., str]) -> None:
    run = RunDirectory(unfinished)
    run.write_config({**run.config(), "space": "hybrid_small", "strategy": "rl"})
    told = fails("nas.search", "--resume", unfinished, "--strategy", "rl", "--space", "lens_nano")
    assert "was begun with --space hybrid_small, not lens_nano: leave --space out" in told


def test_another_data_set_is_refused(tmp_path: Path, unfinished: Path, data: Path) -> None:
    other = folder(tmp_path / "other", size=40)
    with pytest.raises(UserError, match="was trained on other images"):
        search(resumed(unfinished, data=other))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "evolutoin"}, "there is no strategy 'evolutoin'.*did you mean evolution"),
        (
            {"space": "hybrid_nanno"},
            "there is no search space 'hybrid_nanno'; did you mean hybrid_nano",
        ),
        (
            {"max_params": 10},
            "no architecture of lens_nano keeps --max-params 10: the smallest value is",
        ),
        (
            {"max_flops": 10},
            "no architecture of lens_nano keeps --max-flops 10: the smallest value is",
        ),
        (
            {"max_latency_ms": 1e-6},
            r"keeps --max-latency-ms 1e-06: the fastest of its lightest ones takes \d.* ms for 64",
        ),
        ({"data": Path("nowhere")}, "nowhere"),
        ({"supernet": Path("nowhere")}, "nowhere"),
        ({"storage": "nonsense://x"}, "database nonsense://x cannot be opened"),
        ({"gpus_per_trial": 1000.0}, "--gpus-per-trial 1000.0 cannot be had"),
        ({"resume": Path("nowhere")}, "nowhere is not the directory of a search"),
    ],
)
def test_mistakes_leave_nothing_behind(
    tmp_path: Path, data: Path, supernet: Path, changes: dict[str, Any], message: str
) -> None:
    settings = {"data": data, "supernet": supernet, "run": tmp_path / "run", "trials": 1, **changes}
    with pytest.raises((UserError, SpaceError), match=message):
        search(SearchSettings(**settings))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"objectives": ("auc", "size")},
            "--objectives auc,size cannot be used: give auc, and any of params, flops",
        ),
        ({"objectives": ("params",)}, "--objectives params cannot be used"),
        ({"objectives": ("auc", "auc")}, "--objectives auc,auc cannot be used"),
        ({"trials": 0}, "--trials 0 cannot be used"),
        ({"workers": 0}, "--workers 0 cannot be used"),
        ({"seed": -1}, "--seed -1 cannot be used"),
        ({"gpus_per_trial": -1.0}, "--gpus-per-trial -1.0 cannot be used"),
        ({"gpus_per_trial": 1.5}, "--gpus-per-trial 1.5 cannot be used"),
        (
            {"fidelity": "scratch", "supernet": Path("x")},
            "--supernet is not used by --fidelity scratch",
        ),
        (
            {"fidelity": "funnel", "supernet": Path("x")},
            "--supernet is not used by --fidelity funnel",
        ),
        (
            {"supernet_recipe": Recipe(epochs=2)},
            "--supernet-recipe is not used by --fidelity funnel: leave it out, or give --fidelity",
        ),
        (
            {"epochs": 20, "final_epochs": 12},
            "--final-epochs 12 would train finalists shorter than candidates with --epochs 20",
        ),
        ({"trials": 2, "finalists": 3}, "--finalists 3 cannot be used: give 0 to 2"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        SearchSettings(**changes)


def test_the_command_says_mistakes_in_a_sentence(fails: Callable[..., str]) -> None:
    assert "--fidelity" in fails("nas.search", "--fidelity", "guess")


def test_a_run_is_not_searched_twice(unfinished: Path, data: Path, supernet: Path) -> None:
    with pytest.raises(UserError, match="holds a search already: go on with --resume"):
        search(SearchSettings(data=data, supernet=supernet, run=unfinished))
