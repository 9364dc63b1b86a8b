"""An ask stays cheap when the study has grown long."""

import json
import statistics
import time
from pathlib import Path

import optuna
import pytest
from optuna.samplers import BaseSampler

from nas.benchmarks.samplers import speed
from nas.samplers import EvolutionSampler, PolicyGradientSampler
from tests.nas.samplers.studies import value

TRIALS = 5_000
SPACE = {f"g{i}": optuna.distributions.CategoricalDistribution(tuple("abcdefgh")) for i in range(12)}


@pytest.fixture(scope="module")
def trials() -> list[optuna.trial.FrozenTrial]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(0))
    for _ in range(TRIALS):
        trial = study.ask(SPACE)
        study.tell(trial, value(trial.params))
    return study.get_trials()


@pytest.mark.parametrize(
    ("sampler", "milliseconds"),
    [(PolicyGradientSampler(), 10), (EvolutionSampler(predictor=False), 10), (EvolutionSampler(), 50)],
    ids=["rl", "plain evolution", "screened evolution"],
)
def test_an_ask_after_5000_trials(
    trials: list[optuna.trial.FrozenTrial], sampler: BaseSampler, milliseconds: float
) -> None:
    study = optuna.create_study(sampler=sampler)
    study.add_trials(trials)
    spent = []
    for _ in range(15):
        start = time.process_time()  # other processes must not count
        trial = study.ask(SPACE)
        spent.append(1000 * (time.process_time() - start))
        study.tell(trial, value(trial.params))
    assert statistics.median(spent) < milliseconds, spent


def test_the_benchmark_publishes_every_strategy(tmp_path: Path) -> None:
    speed.run(speed.Benchmark(asks=1, out=tmp_path))
    figures = json.loads((tmp_path / "speed.json").read_text())
    assert figures["evolution, ms an ask after 5000 trials"] > 0
    assert figures["tpe, ms an ask after 50 trials"] > 0
