"""The history of a search loses nothing, and no candidate is evaluated twice."""

import sqlite3
from pathlib import Path

import optuna
import pytest

from nas.common.errors import UserError
from nas.search.limits import FeasibleSpace
from nas.search.options import Limits
from nas.search.result import Evaluation
from nas.search.storage import open_storage
from nas.search.study import first_rung
from nas.training.recipe import Recipe
from tests.nas.search.studies import COSTS, auc, finish, settle, study


def test_an_architecture_is_evaluated_once(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    searched = study(path, 10)
    first = searched.next()
    assert first is not None
    same = first.architecture
    searched._architecture = lambda params: same  # type: ignore[method-assign]
    assert searched.next() is None
    assert [item.state for item in searched.candidates()] == ["running"] * 10
    assert not searched.done
    settle(searched, first)
    assert searched.done
    found = searched.candidates()
    assert [item.duplicate_of for item in found] == [None] + [0] * 9
    assert {item.auc for item in found} == {auc(same)}
    assert [item.number for item in searched.pareto()] == [0]


@pytest.mark.parametrize(
    ("epochs", "warmup", "rung"),
    [(9, 0.3, 3), (12, 0.3, 4), (1, 0.3, 1), (18, 0.0, 2), (9, 0.0, 1), (3, 0.9, 3), (25, 0.28, 7)],
)
def test_nobody_is_stopped_before_the_learning_rate_has_risen(
    epochs: int, warmup: float, rung: int
) -> None:
    assert first_rung(Recipe(epochs=epochs, warmup=warmup)) == rung


@pytest.mark.filterwarnings("error")
def test_objectives_have_their_names_in_optuna_and_old_studies_get_them(tmp_path: Path) -> None:
    path, objectives = tmp_path / "study.db", ("auc", "params")
    finish(study(path, 2, "random", objectives=objectives))
    kept = optuna.load_study(study_name="search", storage=f"sqlite:///{path}")
    assert kept.metric_names == list(objectives)
    # Earlier versions wrote no names.
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM study_system_attributes WHERE key = 'study:metric_names'")
    database.close()
    assert len(finish(study(path, 3, "random", objectives=objectives)).candidates()) == 3
    assert list(kept.trials_dataframe()["values_params"]) == [
        item.params for item in study(path, 3, "random", objectives=objectives).candidates()
    ]


@pytest.mark.parametrize("outcome", ["failed", "stopped"])
def test_a_duplicate_shares_any_outcome(tmp_path: Path, outcome: str) -> None:
    searched = study(tmp_path / "study.db", 2, first_rung=1)
    first = searched.next()
    assert first is not None
    if outcome == "failed":
        searched.fail(first.number, "it broke")
    else:
        searched.report(first.number, 1, 0.6)
        searched.stop(first.number, Evaluation(auc=0.6))
    searched._architecture = lambda params: first.architecture  # type: ignore[method-assign]
    assert searched.next() is None
    one, two = searched.candidates()
    assert two.state == one.state == outcome
    assert (two.auc, two.reason, two.duplicate_of) == (one.auc, one.reason, 0)
    assert searched.done


@pytest.mark.parametrize("strategy", ["evolution", "rl", "tpe", "random"])
def test_all_strategies_keep_tight_limits(tmp_path: Path, strategy: str) -> None:
    limits = Limits(max_params=90_000, max_flops=2_000_000)
    found = finish(study(tmp_path / "study.db", 12, strategy, limits)).candidates()
    assert [item.state for item in found] == ["complete"] * 12
    assert all(item.params <= 90_000 and item.flops <= 2_000_000 for item in found)


def test_what_breaks_a_limit_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, limits = tmp_path / "study.db", Limits(max_params=300_000)
    monkeypatch.setattr(FeasibleSpace, "repair", lambda self, architecture, rng: architecture)
    searched = finish(study(path, 4, "random", limits))
    found = searched.candidates()
    states = [item.state for item in found]
    assert states.count("complete") == searched.finished == 4
    assert states.count("infeasible") == len(found) - 4 > 0
    assert {item.reason for item in found if item.state == "infeasible"} == {
        "params beyond the limit"
    }
    assert study(path, 4, "random", limits).next() is None


def test_a_latency_beyond_its_limit_rules_a_candidate_out(tmp_path: Path) -> None:
    searched = study(tmp_path / "study.db", 2, limits=Limits(max_latency_ms=5.0))
    for latency, score in ((7.0, None), (4.0, 0.7), (4.0, 0.6)):
        task = searched.next()
        assert task is not None
        searched.complete(task.number, Evaluation(auc=score, latency_ms=latency))
    assert [item.state for item in searched.candidates()] == ["infeasible", "complete", "complete"]
    assert searched.next() is None


def test_a_search_gives_up_where_all_is_too_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.search.patience._SLOW_PROPOSALS", 3)
    searched = study(tmp_path / "study.db", 9, "random", Limits(max_latency_ms=5.0))
    # A candidate that is fast enough, or that was never measured, begins the count anew.
    for latency in (8.0, 7.0, 4.0, 6.0, 9.0, None, 8.0, 7.5, 6.0):
        task = searched.next()
        assert task is not None
        if latency is None:
            searched.fail(task.number, "bad luck")
        else:
            searched.complete(
                task.number, Evaluation(auc=0.7 if latency < 5 else None, latency_ms=latency)
            )
    assert searched.next() is None
    assert searched.done
    assert searched.stopped is not None
    assert (
        "3 candidates in a row took longer than --max-latency-ms 5 (the fastest of all 4 ms)"
        in searched.stopped
    )
    # The search can be tried again, on a quieter machine.
    assert study(tmp_path / "study.db", 9, "random", Limits(max_latency_ms=5.0)).next() is not None


def test_a_search_gives_up_where_only_what_is_known_as_too_slow_is_proposed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.search.patience._PROPOSALS", 6)
    searched = study(tmp_path / "study.db", 2, "random", Limits(max_latency_ms=5.0))
    first = searched.next()
    assert first is not None
    searched.complete(first.number, Evaluation(latency_ms=8.0))
    searched._architecture = lambda params: first.architecture  # type: ignore[method-assign]
    assert searched.next() is None
    assert [item.duplicate_of for item in searched.candidates()] == [None] + [0] * 5
    assert searched.stopped is not None
    assert searched.stopped.startswith("6 proposals in a row broke the limits")


def test_no_architecture_keeps_the_limits(tmp_path: Path) -> None:
    def check(**limits: float) -> None:
        study(tmp_path / "study.db", limits=Limits(**limits)).space.check()  # type: ignore[arg-type]

    least = min(
        COSTS.params(corner) for corner in study(tmp_path / "x.db").space.space.corners(heavy=False)
    )
    check(max_params=least)
    with pytest.raises(
        UserError, match=f"keeps --max-params {least - 1:,}: the smallest value is {least:,}"
    ):
        check(max_params=least - 1)
    with pytest.raises(UserError, match="keeps --max-flops 1,000: the smallest value is"):
        check(max_flops=1000)
    with pytest.raises(UserError, match="--max-latency-ms 0"):
        check(max_latency_ms=0.0)


def test_a_search_stops_when_most_of_the_first_candidates_fail(tmp_path: Path) -> None:
    searched = study(tmp_path / "study.db", 30)
    for number in range(8):
        task = searched.next()
        assert task is not None
        if number in (1, 3):
            settle(searched, task)
        else:
            searched.fail(task.number, "the disk is full")
    assert (
        searched.stopped
        == "6 of the first 8 candidates failed, the last one because the disk is full"
    )
    assert searched.next() is None
    assert searched.done


def test_a_few_failures_do_not_stop_it(tmp_path: Path) -> None:
    searched = study(tmp_path / "study.db", 14)
    for number in range(14):
        task = searched.next()
        assert task is not None
        if number % 2:
            searched.fail(task.number, "bad luck")
        else:
            settle(searched, task)
    assert searched.stopped is None
    assert searched.finished == 14
    assert {item.reason for item in searched.candidates() if item.state == "failed"} == {"bad luck"}


def test_several_objectives_have_a_front(tmp_path: Path) -> None:
    searched = finish(study(tmp_path / "study.db", 12, "nsga2", objectives=("auc", "params")))
    front = searched.pareto()
    assert front[0].auc == max(item.auc or 0 for item in searched.candidates())
    assert [item.params for item in front] == sorted((item.params for item in front), reverse=True)
    best = optuna.load_study(
        study_name="search", storage=f"sqlite:///{tmp_path / 'study.db'}"
    ).best_trials
    assert {item.number for item in front} == {trial.number for trial in best}


def test_a_study_of_another_search_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    study(path, identity={"space": "hybrid_nano", "data": "abc"}).next()
    with pytest.raises(UserError, match="was begun with data abc, not xyz"):
        study(path, identity={"space": "hybrid_nano", "data": "xyz"})


@pytest.mark.parametrize("damage", [b"no database", b""])
def test_a_damaged_study_is_a_mistake_with_a_mend(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "study.db"
    finish(study(path, 2))
    whole = path.read_bytes()
    path.write_bytes(damage or whole[: len(whole) // 2])
    with pytest.raises(UserError, match="database"):
        finish(study(path, 3))


def test_a_database_without_driver_is_a_mistake_with_a_mend() -> None:
    with pytest.raises(UserError, match="cannot be opened"):
        open_storage("nonsense://nowhere/x")


def test_optuna_sees_the_genes_that_a_network_has(tmp_path: Path) -> None:
    """Its dashboard, plots and importances take every parameter of a trial for one that counts."""
    path = tmp_path / "study.db"
    space = finish(study(path, 12, "random")).space.space
    stored = optuna.load_study(study_name="search", storage=f"sqlite:///{path}").trials
    for trial in stored:
        architecture = space.parse(trial.user_attrs["architecture"])
        assert set(trial.params) == set(space.active_genes(architecture))
        assert space.from_params(trial.params) == architecture
    assert len({frozenset(trial.params) for trial in stored}) > 1


def test_optuna_shows_reasons_in_lines_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    search = study(path, 2, "random")
    for outcome in ("out of memory", None):
        task = search.next()
        assert task is not None
        if outcome:
            search.fail(task.number, outcome)
        else:
            search.complete(task.number, Evaluation(auc=0.9, seconds=1.0))
    first, second = optuna.load_study(study_name="search", storage=f"sqlite:///{path}").trials
    assert first.user_attrs["reason"] == "out of memory"
    assert "reason" not in second.user_attrs
