"""The wrappers: any sampler of Optuna works through them, and they remember nothing."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import (
    BaseSampler,
    BruteForceSampler,
    CmaEsSampler,
    GPSampler,
    GridSampler,
    NSGAIIISampler,
    PartialFixedSampler,
    QMCSampler,
    RandomSampler,
    TPESampler,
)
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from nas.samplers.limited import LimitedSampler
from nas.samplers.registry import STRATEGIES
from nas.samplers.repeatable import get_repeatable_sampler
from search_spaces.architecture import Architecture
from search_spaces.space import Gene, SearchSpace
from tests.nas.samplers.studies import contains, run, value

Make = Callable[[int], BaseSampler]

QUESTIONS = {
    name for name, member in vars(BaseSampler).items() if callable(member) and name[0] != "_"
}


class LimitedCells(SearchSpace):
    """18 architectures, or 36 grid points; those of width 64 may be forbidden."""

    def __init__(self, allowed: Callable[[Architecture], bool] = lambda architecture: True) -> None:
        super().__init__(
            "cells",
            [
                Gene("kind", ("conv", "attention")),
                Gene("kernel", (3, 5, 7), when=("kind", "conv")),
                Gene("heads", (1, 2), when=("kind", "attention")),
                Gene("width", (16, 32, 64)),
                Gene("only", ("one",)),
            ],
        )
        self.allowed = allowed

    def repair(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        while not self.allowed(architecture):
            architecture = self.mutate(architecture, rng)
        return architecture


SPACE = LimitedCells()
GENES: dict[str, BaseDistribution] = {**SPACE.distributions()}
# A gene with one choice needs no place in the grid, as with Optuna alone.
GRID = {name: list(gene.choices) for name, gene in SPACE.genes.items() if name != "only"}
POINTS = 36


class Recorder(RandomSampler):
    """Notes which questions it was asked."""

    def __init__(self, seen: set[str]) -> None:
        super().__init__(seed=0)
        self.seen = seen

    def __getattribute__(self, name: str) -> Any:
        if name in QUESTIONS:
            self.seen.add(name)
        return super().__getattribute__(name)


class Limits:
    """The wrapper with limits alone."""

    def __call__(self, make: Make, space: LimitedCells = SPACE) -> BaseSampler:
        return LimitedSampler(make(0), space, 0)


class Strategy:
    """Both wrappers, as a search has them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def __call__(self, make: Make, space: LimitedCells = SPACE) -> BaseSampler:
        strategies = {**STRATEGIES, "mine": lambda seed, space: make(seed)}
        self.monkeypatch.setattr("nas.samplers.registry.STRATEGIES", strategies)
        return get_repeatable_sampler("mine", 0, space)


@pytest.fixture(params=["limited", "registered"])
def wrap(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BaseSampler]:
    return Limits() if request.param == "limited" else Strategy(monkeypatch)


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Strategy:
    return Strategy(monkeypatch)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        yield
    optuna.logging.set_verbosity(optuna.logging.INFO)


def objective(trial: optuna.Trial) -> float:
    for name, gene in SPACE.genes.items():
        trial.suggest_categorical(name, gene.choices)
    return value(trial.params)


def points(proposed: Sequence[Mapping[str, Any]]) -> set[tuple[Any, ...]]:
    return {tuple(params[name] for name in GENES) for params in proposed}


def test_every_question_is_forwarded(wrap: Callable[..., BaseSampler]) -> None:
    seen: set[str] = set()
    study = optuna.create_study(sampler=wrap(lambda seed: Recorder(seen)))
    study.optimize(objective, n_trials=4, n_jobs=2)
    # A new sampler for every question has no random numbers that two threads could share.
    alive = isinstance(wrap, Limits)
    assert seen == (QUESTIONS if alive else QUESTIONS - {"reseed_rng"})


def test_what_a_sampler_raises_is_not_hidden(wrap: Callable[..., BaseSampler]) -> None:
    class Broken(RandomSampler):
        def after_trial(self, *arguments: object) -> None:
            raise RuntimeError("broken")

    study = optuna.create_study(sampler=wrap(lambda seed: Broken()))
    with pytest.raises(RuntimeError, match="broken"):
        run(study, GENES, 1)


@pytest.mark.parametrize(
    "make",
    [
        lambda seed: GridSampler(GRID, seed),
        lambda seed: BruteForceSampler(seed),
        lambda seed: BruteForceSampler(seed, avoid_premature_stop=True),
    ],
    ids=["grid", "brute force", "strict brute force"],
)
def test_every_point_is_visited_once_and_then_the_study_stops(
    wrap: Callable[..., BaseSampler], make: Make
) -> None:
    study = optuna.create_study(sampler=wrap(make))
    study.optimize(objective, n_trials=2 * POINTS)
    assert len(points([trial.params for trial in study.trials])) == len(study.trials) == POINTS
    asked = optuna.create_study(sampler=wrap(make))
    assert run(asked, GENES, POINTS) == [trial.params for trial in study.trials]
    # Whoever asks goes on as long as he likes.
    assert len(points(run(asked, GENES, 3))) > 0


def test_a_grid_is_finished_by_many_hands_in_any_order(register: Strategy) -> None:
    """Trials run side by side, some fail, and each ask is another process's."""
    study = optuna.create_study(sampler=register(lambda seed: GridSampler(GRID, seed)))
    running = []
    for number in range(POINTS + 4):
        study.sampler = register(lambda seed: GridSampler(GRID, seed))
        running.append(study.ask(GENES))
        if number % 3 == 2:
            study.tell(running.pop(0), state=TrialState.FAIL)
            study.tell(running.pop(), value({}))
    for trial in running:
        study.tell(trial, 0.0)
    assert len(points([trial.params for trial in study.trials])) == POINTS


def test_every_allowed_point_of_a_grid_is_visited(wrap: Callable[..., BaseSampler]) -> None:
    space = LimitedCells(lambda architecture: architecture["width"] != 64)
    study = optuna.create_study(sampler=wrap(lambda seed: GridSampler(GRID, seed), space))
    study.optimize(objective, n_trials=2 * POINTS)
    proposed = [trial.params for trial in study.trials]
    assert len(proposed) == POINTS
    assert {params["width"] for params in proposed} == {16, 32}
    assert len({space.from_params(params) for params in proposed}) == 10


def test_an_enqueued_trial_is_left_alone(wrap: Callable[..., BaseSampler]) -> None:
    study = optuna.create_study(sampler=wrap(lambda seed: GridSampler(GRID, seed)))
    chosen = {"kind": "conv", "kernel": 5, "heads": 1, "width": 64, "only": "one"}
    study.enqueue_trial(chosen)
    assert run(study, GENES, 1) == [chosen]


OTHERS: dict[str, Make] = {
    "qmc": lambda seed: QMCSampler(seed=seed),
    "scrambled qmc": lambda seed: QMCSampler(
        qmc_type="halton", scramble=True, seed=seed, warn_independent_sampling=False
    ),
    "brute force": BruteForceSampler,
    "nsga3": lambda seed: NSGAIIISampler(population_size=4, seed=seed),
    "gp": lambda seed: GPSampler(n_startup_trials=4, seed=seed),
    "tpe in groups": lambda seed: TPESampler(
        n_startup_trials=4, multivariate=True, group=True, constant_liar=True, seed=seed
    ),
    "partly fixed": lambda seed: PartialFixedSampler({"width": 32}, RandomSampler(seed)),
    "partly fixed grid": lambda seed: PartialFixedSampler({"width": 32}, GridSampler(GRID)),
}
if find_spec("cmaes"):
    OTHERS["cma-es"] = lambda seed: CmaEsSampler(n_startup_trials=2, seed=seed)


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_any_sampler_proposes_what_is_allowed(wrap: Callable[..., BaseSampler], make: Make) -> None:
    space = LimitedCells(
        lambda architecture: architecture["width"] != 64 or "kernel" not in architecture
    )
    study = optuna.create_study(sampler=wrap(make, space))
    proposed = run(study, GENES, 14)
    for params in proposed:
        assert all(contains(GENES[name], params[name]) for name in GENES)
        assert space.allowed(space.from_params(params))
    assert len(points(proposed)) > 4


@pytest.mark.parametrize("name", ["qmc", "brute force", "gp", "tpe in groups", "partly fixed"])
def test_parameters_that_are_no_genes_are_the_samplers_own_business(
    wrap: Callable[..., BaseSampler], name: str
) -> None:
    rate = FloatDistribution(0.125, 1.0, step=0.125)
    study = optuna.create_study(sampler=wrap(OTHERS[name]))
    rates = [params["rate"] for params in run(study, {**GENES, "rate": rate}, 14)]
    assert all(contains(rate, proposed) for proposed in rates)
    assert len(set(rates)) > 2


@pytest.mark.parametrize("make", OTHERS.values(), ids=OTHERS)
def test_a_new_sampler_proposes_what_the_old_one_would(register: Strategy, make: Make) -> None:
    study, renewed = (optuna.create_study(sampler=register(make)) for _ in range(2))
    expected = run(study, GENES, 10)
    proposed = []
    for _ in range(10):
        renewed.sampler = register(make)
        proposed += run(renewed, GENES, 1)
    assert proposed == expected


def test_a_scrambled_sequence_is_evenly_spread(register: Strategy) -> None:
    """Halves of the sequence meet every choice equally often; random numbers would not."""
    study = optuna.create_study(sampler=register(lambda seed: QMCSampler(scramble=True, seed=seed)))
    kinds = [params["kind"] for params in run(study, GENES, 33)[1:]]
    assert [kinds[i : i + 8].count("conv") for i in range(0, 32, 8)] == [4, 4, 4, 4]


def test_parameters_may_be_fixed_from_outside(wrap: Callable[..., BaseSampler]) -> None:
    study = optuna.create_study(sampler=wrap(RandomSampler))
    study.sampler = PartialFixedSampler({"kind": "attention", "width": 64}, study.sampler)
    proposed = run(study, GENES, 10)
    assert {(params["kind"], params["width"]) for params in proposed} == {("attention", 64)}
    assert len(points(proposed)) > 1


def test_a_sampler_sees_what_was_answered_before() -> None:
    """As in a trial whose genes are asked one after the other."""
    shown = []

    class Watcher(RandomSampler):
        def sample_independent(
            self,
            study: Study,
            trial: FrozenTrial,
            param_name: str,
            param_distribution: BaseDistribution,
        ) -> Any:
            shown.append((param_name, list(trial.params), list(trial.distributions)))
            return super().sample_independent(study, trial, param_name, param_distribution)

    run(optuna.create_study(sampler=LimitedSampler(Watcher(0), SPACE, 0)), GENES, 1)
    names = ["kind", "kernel", "heads", "width"]
    assert shown == [(name, names[:i], names[:i]) for i, name in enumerate(names)]
