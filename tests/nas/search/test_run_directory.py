"""A run directory keeps what a search writes, and says what is damaged."""

import json
from pathlib import Path

import pytest

from nas.common.errors import UserError
from nas.data.options import ReadOptions
from nas.search.result import Best, Candidate, DataSource
from nas.search.run_directory import RunDirectory


def candidate(number: int, auc: float | None = 0.8, **values: object) -> Candidate:
    return Candidate(
        number=number,
        state="complete",
        architecture=f"space/gene={number}",
        auc=auc,
        params=1000 + number,
        flops=2_000_000,
        **values,  # type: ignore[arg-type]
    )


def outcome() -> Best:
    return Best(
        space="hybrid_nano",
        winner=candidate(3, 0.9),
        pareto=(candidate(3, 0.9), candidate(1, 0.7, latency_ms=1.5)),
        objectives=("auc", "params"),
        fidelity="inherit",
        recipe=None,
        image_size=(32, 48),
        data=DataSource("/data", {"layout": "auto", "classes": ["a", "b"], "crop": None}, "f" * 64),
        supernet="supernet/model.safetensors",
    )


def run_in(path: Path) -> RunDirectory:
    path.mkdir(parents=True)
    run = RunDirectory(path)
    run.write_config({"space": "hybrid_nano", "recipe": {"epochs": 3}})
    return run


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    candidates = [
        candidate(0),
        Candidate(
            number=1,
            state="failed",
            architecture="space/gene=1",
            params=5,
            flops=6,
            reason="ran out of memory, sadly",
        ),
        candidate(2, 0.1 + 0.2, latency_ms=3.25, seconds=0.5, duplicate_of=0),
    ]
    run.write_candidates(candidates)
    run.write_best(outcome())
    again = RunDirectory.open(tmp_path / "run")
    assert again.candidates() == candidates
    assert again.best() == outcome()
    assert again.config() == {"space": "hybrid_nano", "recipe": {"epochs": 3}}
    assert again.best().data.read_options() == ReadOptions(classes=("a", "b"))


def test_best_says_all_that_a_retraining_needs(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    run.write_best(outcome())
    values = json.loads(run.best_file.read_text())
    assert values["space"] == "hybrid_nano"
    assert values["architecture"] == "space/gene=3"
    assert (values["params"], values["flops"], values["validation_auc"]) == (1003, 2_000_000, 0.9)
    assert values["data"]["fingerprint"] == "f" * 64
    assert values["supernet"] == "supernet/model.safetensors"


def test_every_start_is_remembered(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    assert run.environments() == []
    run.write_environment({"commit": "a"})
    run.write_environment({"commit": "b"})
    assert run.environments() == [{"commit": "a"}, {"commit": "b"}]


def test_a_run_of_an_earlier_version_had_one_start(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    run.environment_file.write_text('{"commit": "a"}')
    assert run.environments() == [{"commit": "a"}]


def test_newest_is_the_run_whose_outcome_was_written_last(tmp_path: Path) -> None:
    for name in ("b", "a"):
        run_in(tmp_path / name).write_best(outcome())
    run_in(tmp_path / "unfinished")
    (tmp_path / "training").mkdir()
    assert RunDirectory.newest(tmp_path).path.name == "a"


def test_a_lock_is_exclusive_and_a_stale_one_is_taken_over(tmp_path: Path) -> None:
    run = run_in(tmp_path / "run")
    (run.path / "lock").touch()
    (run.path / "lock.holder").write_text("process 1 on elsewhere\n")
    with run.locked(), pytest.raises(UserError, match="is being searched by process"), run.locked():
        pass
    with run.locked():
        pass


@pytest.mark.parametrize(
    ("damage", "read", "message"),
    [
        ("config.yaml", RunDirectory.config, "config.yaml is damaged"),
        ("environment.json", RunDirectory.environments, "environment.json is damaged"),
        ("best.json", RunDirectory.best, "best.json is damaged"),
        (
            "candidates.csv",
            RunDirectory.candidates,
            r"candidates.csv is damaged \(line 2, number: .*\): python -m",
        ),
    ],
)
def test_damage_is_a_mistake_with_a_mend(
    tmp_path: Path, damage: str, read: object, message: str
) -> None:
    run = run_in(tmp_path / "run")
    (run.path / damage).write_text("number,\n\x00[{")
    with pytest.raises(UserError, match=message):
        read(run)  # type: ignore[operator]


def test_what_is_not_there_is_a_mistake_with_a_mend(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not the directory of a search"):
        RunDirectory.open(tmp_path)
    with pytest.raises(UserError, match="no search in"):
        RunDirectory.newest(tmp_path)
    with pytest.raises(UserError, match="has found nothing yet"):
        run_in(tmp_path / "run").best()
