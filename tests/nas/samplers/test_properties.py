"""What must hold on any study, such as valid proposals, no repetitions, and no other memory."""

import pickle
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from nas.samplers.evolution import EvolutionSampler
from nas.samplers.policy_gradient import PolicyGradientSampler
from search_spaces.tabular import nas_bench_macro
from tests.nas.samplers.studies import (
    PLAIN,
    conditional_space,
    contains,
    distributions,
    history,
    run,
)

SAMPLERS = [EvolutionSampler, PolicyGradientSampler]
ours = pytest.mark.parametrize("make", SAMPLERS)
Make = Callable[..., BaseSampler]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


@ours
@settings(max_examples=40)
@given(space=distributions, objectives=st.integers(1, 3), seed=st.integers(0, 99))
def test_every_proposal_is_valid(
    make: Make, space: dict[str, BaseDistribution], objectives: int, seed: int
) -> None:
    study = optuna.create_study(directions=["maximize"] * objectives, sampler=make(seed))
    for params in run(study, space, 14):
        for name, distribution in space.items():
            assert contains(distribution, params[name]), (name, params[name])


@ours
@settings(max_examples=15)
@given(seed=st.integers(0, 999), trials=st.integers(1, 40))
def test_a_new_sampler_proposes_what_the_old_one_would(make: Make, seed: int, trials: int) -> None:
    used = make(seed)
    study = history(seed, trials, used)
    fresh = optuna.create_study()
    for trial in study.trials:
        fresh.add_trial(trial)
    fresh.sampler = make(seed)
    study.sampler = used
    assert study.ask(PLAIN).params == fresh.ask(PLAIN).params


@ours
def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(make: Make, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/study.db"
    unbroken = run(optuna.create_study(sampler=make(3)), PLAIN, 30)
    parts = run(
        optuna.create_study(storage=RDBStorage(url), study_name="s", sampler=make(3)), PLAIN, 17
    )
    resumed = optuna.load_study(storage=RDBStorage(url), study_name="s", sampler=make(3))
    assert parts + run(resumed, PLAIN, 13) == unbroken


@ours
def test_a_copy_proposes_the_same(make: Make) -> None:
    study = optuna.create_study(sampler=make(4))
    run(study, PLAIN, 25)
    copied = optuna.create_study(sampler=pickle.loads(pickle.dumps(study.sampler)))
    copied.add_trials(study.trials)
    assert run(study, PLAIN, 3) == run(copied, PLAIN, 3)


@ours
def test_one_sampler_serves_two_studies(make: Make) -> None:
    shared, alone = make(4), make(4)
    studies = [optuna.create_study(sampler=shared), optuna.create_study(sampler=shared)]
    in_turns = [[run(study, PLAIN, 1)[0] for study in studies] for _ in range(16)]
    expected = run(optuna.create_study(sampler=alone), PLAIN, 16)
    assert [turn[0] for turn in in_turns] == [turn[1] for turn in in_turns] == expected


@ours
def test_fixed_parameters_are_left_alone(make: Make) -> None:
    study = optuna.create_study(sampler=make(0))
    run(study, PLAIN, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.sampler = optuna.samplers.PartialFixedSampler({"g0": "b"}, study.sampler)
    assert {params["g0"] for params in run(study, PLAIN, 12)} == {"b"}


@ours
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_the_unit_of_an_objective_does_not_matter(make: Make, seed: int) -> None:
    study, other = history(seed, 30), optuna.create_study()
    for trial in study.trials:
        if trial.value is not None:
            trial = deepcopy(trial)
            trial.value = float(np.exp(3 * trial.value))
        other.add_trial(trial)
    study.sampler, other.sampler = make(seed), make(seed)
    assert study.ask(PLAIN).params == other.ask(PLAIN).params


@ours
def test_trials_that_were_stopped_early_teach(make: Make) -> None:
    """No trial is ever finished: what is stopped later, or with more, is better."""
    study = optuna.create_study(direction="maximize", sampler=make(0))
    for _ in range(60):
        trial = study.ask(PLAIN)
        good = sum(choice == "a" for choice in trial.params.values())
        trial.report(good, step=1 if good < 3 else 3)
        study.tell(trial, state=TrialState.PRUNED)
    late = [sum(choice == "a" for choice in trial.params.values()) for trial in study.trials[40:]]
    assert np.mean(late) > 3.5  # by chance it is 2


@ours
def test_seeds_differ(make: Make) -> None:
    first, second = (run(optuna.create_study(sampler=make(seed)), PLAIN, 15) for seed in (0, 1))
    assert first != second


@ours
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_every_architecture_of_a_small_space_is_proposed_before_any_is_repeated(
    make: Make, seed: int
) -> None:
    space = conditional_space()
    study = optuna.create_study(sampler=make(seed, space=space))
    proposed = [
        space.from_params(params)
        for params in run(study, {**space.distributions()}, len(space) + 3)
    ]
    assert len(set(proposed[: len(space)])) == len(space) == len(set(proposed))


@ours
def test_equivalent_architectures_are_not_repeated(make: Make) -> None:
    space = nas_bench_macro()
    study = optuna.create_study(sampler=make(0, space=space))
    proposed = run(study, {**space.distributions()}, 120)
    assert len({space.canonical(space.from_params(params)) for params in proposed}) == 120


@ours
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_a_conditional_study_repeats_nothing_without_space_knowledge(make: Make, seed: int) -> None:
    def objective(trial: optuna.Trial) -> float:
        if trial.suggest_categorical("kind", ["conv", "attention"]) == "conv":
            return float(trial.suggest_int("kernel", 1, 7))
        return 3.0 + trial.suggest_int("heads", 1, 4)

    study = optuna.create_study(sampler=make(seed))
    study.optimize(objective, n_trials=13)
    # Before both kinds are known a parameter may have to be drawn on its own, and chance may repeat
    # it.
    later = [tuple(trial.params.items()) for trial in study.trials[6:10]]
    assert len(set(later)) == len(later)


@ours
@settings(max_examples=10)
@given(seed=st.integers(0, 999))
def test_running_and_failed_architectures_are_not_proposed(make: Make, seed: int) -> None:
    study = history(seed, 30)
    before = {tuple(trial.params.items()) for trial in study.trials}
    study.sampler = make(seed)
    proposed = [tuple(study.ask(PLAIN).params.items()) for _ in range(8)]  # none of them is told
    assert len(set(proposed) - before) == 8


@ours
@pytest.mark.parametrize("objectives", [1, 2])
def test_constraints_are_respected(make: Make, objectives: int) -> None:
    """A sampler that sees values only would go where x > 0.3, which is not allowed."""
    space: dict[str, BaseDistribution] = {
        "x": FloatDistribution(0, 1),
        "y": CategoricalDistribution(("a", "b", "c", "d")),
        "z": CategoricalDistribution(("a", "b", "c", "d")),
    }

    def late(constrained: bool) -> float:
        study = optuna.create_study(directions=["maximize"] * objectives, sampler=make(0))
        for _ in range(120):
            trial = study.ask(space)
            if constrained:
                trial.set_constraint("x", trial.params["x"] - 0.3)
            study.tell(
                trial,
                [trial.params["x"] + i * (trial.params["y"] == "a") for i in range(objectives)],
            )
        return float(np.mean([trial.params["x"] <= 0.3 for trial in study.trials[60:]]))

    assert late(constrained=True) > 0.7 > 0.3 > late(constrained=False)


@ours
def test_parallel_workers_share_a_study(make: Make) -> None:
    study = optuna.create_study(sampler=make(0))
    study.optimize(lambda trial: float(trial.suggest_int("x", 0, 999)), n_trials=40, n_jobs=4)
    assert len(study.trials) == 40
    assert len({trial.params["x"] for trial in study.trials[10:]}) > 20


@ours
def test_infinite_values_are_only_very_bad(make: Make) -> None:
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=make(0))
    for i in range(40):
        trial = study.ask(PLAIN)
        study.tell(trial, [float("inf") if i % 3 == 0 else 1.0 * i, 2.0])
    assert all(trial.params for trial in study.trials)


@ours
def test_parameters_that_are_no_genes_are_drawn_on_their_own(make: Make) -> None:
    space = conditional_space()
    study = optuna.create_study(sampler=make(0, space=space))
    mixed: dict[str, Any] = {
        **space.distributions(),
        "learning_rate": FloatDistribution(1e-4, 1e-1, log=True),
    }
    proposed = run(study, mixed, 12)
    assert len({params["learning_rate"] for params in proposed}) == 12


@ours
def test_trials_of_another_space_are_passed_over(make: Make) -> None:
    space = conditional_space()
    study = optuna.create_study(sampler=make(0, space=space))
    foreign = optuna.create_trial(
        params={"kind": "conv"},
        distributions={"kind": CategoricalDistribution(("conv", "attention"))},
        value=1.0,
    )
    study.add_trial(foreign)
    assert len(run(study, {**space.distributions()}, 12)) == 12
