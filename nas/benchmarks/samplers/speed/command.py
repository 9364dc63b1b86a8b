"""What an ask costs by the length of the history: ``python -m nas.benchmarks.samplers.speed``."""

import statistics
import time

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, create_trial
from threadpoolctl import threadpool_limits

from nas.benchmarks.record import publish
from nas.benchmarks.samplers.runs import VARIANTS
from nas.benchmarks.samplers.speed.settings import SamplerSpeedBenchmarkSettings

_STRATEGIES = "evolution", "evolution without predictor", "rl", "tpe", "random"
_SPACE: dict[str, BaseDistribution] = {
    f"gene{i}": CategoricalDistribution(tuple("abcdefgh")) for i in range(12)
}


def run(settings: SamplerSpeedBenchmarkSettings) -> None:
    """Measure, print the table and write it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    figures = {}
    with threadpool_limits(limits=1):
        for length in (50, 500, 5000):
            history = _history(length)
            for strategy in _STRATEGIES:
                spent = _ask(VARIANTS[strategy](0, None), history, settings.asks)
                figures[f"{strategy}, ms an ask after {length} trials"] = round(1000 * spent, 1)
    publish(settings.out, "speed", {**figures, "asks": settings.asks})


def _history(length: int) -> list[FrozenTrial]:
    rng = np.random.default_rng(0)
    trials = []
    for _ in range(length):
        params = {name: "abcdefgh"[int(rng.integers(8))] for name in _SPACE}
        trials.append(create_trial(params=params, distributions=_SPACE, value=_value(params)))
    return trials


def _value(params: dict[str, str]) -> float:
    return sum(i * "abcdefgh".index(choice) for i, choice in enumerate(params.values()))


def _ask(sampler: BaseSampler, history: list[FrozenTrial], asks: int) -> float:
    """Return the median seconds of processor time, in which other processes do not count."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.add_trials(history)
    spent = []
    for _ in range(asks + 1):
        start = time.process_time()
        trial = study.ask(_SPACE)
        spent.append(time.process_time() - start)
        study.tell(trial, _value(trial.params))
    return statistics.median(spent[1:])
