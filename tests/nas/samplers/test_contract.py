"""Our samplers and a wrapper under Optuna's own suite of what a sampler must do."""

from collections.abc import Callable

import pytest
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from nas.samplers.evolution import EvolutionSampler
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.repeatable import _Repeatable

pytestmark = pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning")


class _Contract(BasicSamplerTestCase, RelativeSamplerTestCase, MultiObjectiveSamplerTestCase):
    pass


class TestEvolution(_Contract):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return EvolutionSampler


class TestPolicyGradient(_Contract):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return PolicyGradientSampler


class TestRepeatableTPE(_Contract):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: _Repeatable(
            lambda seed: TPESampler(n_startup_trials=0, multivariate=True, group=True, seed=seed), 0
        )


class TestRepeatableNSGAII(BasicSamplerTestCase, MultiObjectiveSamplerTestCase):
    @pytest.fixture
    def sampler(self) -> Callable[[], BaseSampler]:
        return lambda: _Repeatable(lambda seed: NSGAIISampler(population_size=3, seed=seed), 0)
