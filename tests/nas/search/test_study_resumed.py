"""A study that was killed anywhere goes on as if it had not been."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from nas.samplers.genetic import OrderedNSGAIISampler
from nas.samplers.registry import STRATEGIES
from nas.search.limits import FeasibleSpace
from nas.search.options import Limits
from nas.search.result import Evaluation
from nas.search.study import SearchStudy
from tests.nas.search.studies import auc, finish, settle, study


def trials(path: Path) -> list[FrozenTrial]:
    """Return the trials in the database."""
    return optuna.load_study(study_name="search", storage=f"sqlite:///{path}").trials


def outcomes(path: Path) -> list[tuple[object, ...]]:
    """Return all that a search decides, without times."""
    return [
        (
            trial.number,
            trial.state,
            trial.values,
            trial.params,
            trial.user_attrs,
            trial.intermediate_values,
        )
        for trial in trials(path)
    ]


@contextmanager
def killed_in(monkeypatch: pytest.MonkeyPatch, place: type, call: str) -> Iterator[None]:
    """Die of a kill when something is called in the ``with`` block."""

    def killed(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(place, call, killed)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_search_that_was_killed_ends_as_an_unbroken_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    # The generations are so small that a short search has several.
    generations = {"nsga2": lambda seed, space: OrderedNSGAIISampler(population_size=4, seed=seed)}
    monkeypatch.setattr("nas.samplers.registry.STRATEGIES", {**STRATEGIES, **generations})
    wanted = 13
    finish(study(tmp_path / "unbroken.db", wanted, strategy))
    path = tmp_path / "broken.db"
    # The search is killed after one proposal, and then twice between evaluations. Each time one
    # proposal is not evaluated.
    for evaluations in (0, 4, 7):
        searched = study(path, wanted, strategy)
        for _ in range(evaluations):
            task = searched.next()
            assert task is not None
            settle(searched, task)
        assert searched.next() is not None
    finish(study(path, wanted, strategy))
    assert outcomes(path) == outcomes(tmp_path / "unbroken.db")
    assert len(trials(path)) == wanted


def test_a_kill_leaves_no_half_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "study.db"
    searched = study(path, 3)
    first = searched.next()
    assert first is not None
    with killed_in(monkeypatch, RDBStorage, "set_trial_state_values"):
        settle(searched, first)
    assert [trial.state for trial in trials(path)] == [TrialState.RUNNING]
    again = study(path, 3)
    assert [item.auc for item in again.candidates()] == [None]
    assert again.next() == first
    settle(again, first)
    finish(study(path, 3))
    finish(study(tmp_path / "unbroken.db", 3))
    assert outcomes(path) == outcomes(tmp_path / "unbroken.db")


@pytest.mark.parametrize(
    ("place", "call"),
    [
        (optuna.Trial, "suggest_categorical"),
        (optuna.Trial, "set_user_attr"),
        (RDBStorage, "create_new_trial"),
    ],
)
def test_an_interruption_leaves_no_half_proposal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: type, call: str
) -> None:
    path = tmp_path / "study.db"
    searched = study(path, 3)
    first = searched.next()
    assert first is not None
    settle(searched, first)
    with killed_in(monkeypatch, place, call):
        searched.next()
    # This is what a search writes down on its way out.
    assert [item.number for item in searched.candidates()] == [0]
    assert [item.number for item in searched.pareto()] == [0]
    finish(study(path, 3))
    finish(study(tmp_path / "unbroken.db", 3))
    assert outcomes(path) == outcomes(tmp_path / "unbroken.db")


def test_a_kill_in_the_middle_of_an_infeasible_proposal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = Limits(max_params=60_000, max_flops=1_000_000)
    monkeypatch.setattr("nas.search.patience._PROPOSALS", 1)
    monkeypatch.setattr(FeasibleSpace, "repair", lambda self, architecture, rng: architecture)
    with killed_in(monkeypatch, RDBStorage, "set_trial_state_values"):
        study(tmp_path / "broken.db", 1, "random", limits).next()
    (broken,) = study(tmp_path / "broken.db", 1, "random", limits).candidates()
    whole = study(tmp_path / "unbroken.db", 1, "random", limits)
    assert whole.next() is None
    assert [broken] == whole.candidates()
    assert (broken.state, broken.reason) == ("infeasible", "params and flops beyond the limit")


@pytest.mark.parametrize("outcome", ["complete", "stopped", "failed"])
def test_a_latency_that_nobody_saved_rules_nothing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, outcome: str
) -> None:
    path, limits = tmp_path / "study.db", Limits(max_latency_ms=5.0)
    settlements: dict[str, Callable[[SearchStudy, int], None]] = {
        "complete": lambda searched, number: searched.complete(
            number, Evaluation(auc=0.7, latency_ms=4.0)
        ),
        "stopped": lambda searched, number: searched.stop(
            number, Evaluation(auc=0.7, latency_ms=4.0)
        ),
        "failed": lambda searched, number: searched.fail(number, "bad luck"),
    }
    searched = study(path, 1, limits=limits)
    first = searched.next()
    assert first is not None
    with killed_in(monkeypatch, RDBStorage, "set_trial_state_values"):
        searched.complete(first.number, Evaluation(latency_ms=7.0))
    again = study(path, 1, limits=limits)
    assert again.next() == first
    settlements[outcome](again, first.number)
    assert again.next() is None
    # What the kill left in the database rules nothing out either, now or later.
    for searched in (again, study(path, 1, limits=limits)):
        assert [item.state for item in searched.candidates()] == [outcome]
        assert searched.done


def stopping(path: Path, killed: Callable[[SearchStudy, int, Evaluation], bool]) -> None:
    """Search with early stopping, in which the search may be killed before a candidate is settled.

    The candidate is evaluated again then.
    """
    searched = study(path, 6, first_rung=1)
    while (task := searched.next()) is not None:
        score = auc(task.architecture)
        stopped = searched.report(task.number, 1, score)
        if killed(searched, task.number, Evaluation(auc=score)):
            searched = study(path, 6, first_rung=1)
            assert searched.next() == task
            assert searched.report(task.number, 1, score) is stopped
        if stopped or searched.report(task.number, 2, score + 0.001):
            searched.stop(task.number, Evaluation(auc=score))
        else:
            searched.complete(task.number, Evaluation(auc=score + 0.002))


@pytest.mark.parametrize(
    "call", ["", "set_trial_user_attr", "set_trial_system_attr", "set_trial_state_values"]
)
def test_early_stopping_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def killed(searched: SearchStudy, number: int, measured: Evaluation) -> bool:
        """Kill the search after an epoch, or while it notes that the candidate was stopped."""
        if call:
            with killed_in(monkeypatch, RDBStorage, call):
                searched.stop(number, measured)
        return True

    stopping(tmp_path / "unbroken.db", lambda *candidate: False)
    stopping(tmp_path / "broken.db", killed)
    assert outcomes(tmp_path / "broken.db") == outcomes(tmp_path / "unbroken.db")
    states = {trial.state for trial in trials(tmp_path / "unbroken.db")}
    assert states == {TrialState.COMPLETE, TrialState.PRUNED}
    rungs = [
        [trial.system_attrs for trial in trials(tmp_path / f"{name}.db")]
        for name in ("broken", "unbroken")
    ]
    assert rungs[0] == rungs[1]


def test_more_candidates_can_be_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "study.db"
    finish(study(path, 2))
    finish(study(path, 5))
    finish(study(tmp_path / "unbroken.db", 5))
    assert outcomes(path) == outcomes(tmp_path / "unbroken.db")
    assert study(path, 3).next() is None
