"""Studies for tests: any mixture of parameters, asked and told in any order."""

from collections.abc import Mapping
from typing import Any

import optuna
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.study import Study
from optuna.trial import TrialState

from search_spaces.space import Gene, SearchSpace

categories = st.lists(
    st.one_of(st.integers(-5, 5), st.text("abc", min_size=1, max_size=2), st.none()),
    min_size=1,
    max_size=4,
    unique=True,
).map(CategoricalDistribution)
counts = st.integers(0, 9)
quarters = st.integers(-40, 40).map(lambda n: n / 4)
integers = st.one_of(
    st.builds(
        lambda low, n, step: IntDistribution(low, low + n * step, step=step),
        counts,
        counts,
        st.integers(1, 3),
    ),
    st.builds(
        lambda low, n: IntDistribution(low, low + n, log=True),
        st.integers(1, 9),
        st.integers(0, 99),
    ),
)
floats = st.one_of(
    st.builds(lambda low, span: FloatDistribution(low, low + span), quarters, st.floats(0, 9)),
    st.builds(lambda low, n: FloatDistribution(low, low + n / 4, step=0.25), quarters, counts),
    st.builds(
        lambda low, factor: FloatDistribution(low, low * factor, log=True),
        st.floats(1e-6, 1),
        st.floats(1, 1e6),
    ),
)
distributions = st.dictionaries(
    st.sampled_from(["p", "q", "r", "s"]),
    st.one_of(categories, integers, floats),
    min_size=1,
    max_size=4,
)

PLAIN: dict[str, BaseDistribution] = {
    f"g{i}": CategoricalDistribution(("a", "b", "c")) for i in range(6)
}


def contains(distribution: BaseDistribution, value: Any) -> bool:
    """Whether the distribution has the value; only private methods of Optuna say so."""
    if isinstance(distribution, CategoricalDistribution):
        return value in distribution.choices
    assert isinstance(distribution, IntDistribution | FloatDistribution)
    whole = isinstance(value, int) or isinstance(distribution, FloatDistribution)
    inside = distribution.low <= value <= distribution.high
    if distribution.step is None or not inside:
        return whole and inside
    steps = (value - distribution.low) / distribution.step
    return whole and abs(steps - round(steps)) < 1e-8


def conditional_space() -> SearchSpace:
    """Twelve architectures, of which each has two of three genes."""
    return SearchSpace(
        "conditional",
        [
            Gene("kind", ("conv", "attention")),
            Gene("kernel", (3, 5, 7), when=("kind", "conv")),
            Gene("heads", (1, 2, 4), when=("kind", "attention")),
            Gene("width", (16, 32)),
        ],
    )


def value(params: Mapping[str, Any]) -> float:
    """A value that depends on every parameter, without being smooth in any."""
    return sum((i + 1) * (hash_of(v) % 97) for i, v in enumerate(params.values())) / 97


def hash_of(anything: Any) -> int:
    """A hash that is the same in every process, as Python's own is not."""
    return sum(ord(character) * (i + 1) for i, character in enumerate(repr(anything)))


def run(study: Study, space: dict[str, BaseDistribution], trials: int) -> list[dict[str, Any]]:
    """Ask and tell in turns."""
    proposed = []
    for _ in range(trials):
        trial = study.ask(space)
        study.tell(trial, [value(trial.params) + i for i in range(len(study.directions))])
        proposed.append(trial.params)
    return proposed


def history(seed: int, trials: int, sampler: optuna.samplers.BaseSampler | None = None) -> Study:
    """A study with trials of every state, some told out of order and some still running."""
    study = optuna.create_study(sampler=sampler or optuna.samplers.RandomSampler(seed))
    asked = [study.ask(PLAIN) for _ in range(trials)]
    for trial in sorted(asked, key=lambda trial: hash_of((seed, trial.number)) % 101):
        match hash_of((trial.number, seed)) % 7:
            case 0:
                continue
            case 1:
                study.tell(trial, state=TrialState.FAIL)
            case 2:
                trial.report(value(trial.params), step=trial.number % 3)
                study.tell(trial, state=TrialState.PRUNED)
            case _:
                study.tell(trial, value(trial.params))
    return study
