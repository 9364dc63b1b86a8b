"""Optuna's own suite of what a sampler must do."""

from collections.abc import Callable

import pytest
from optuna.samplers import BaseSampler
from optuna.testing.pytest_samplers import (
    BasicSamplerTestCase,
    MultiObjectiveSamplerTestCase,
    RelativeSamplerTestCase,
)

from nas.samplers.evolution import EvolutionSampler
from nas.samplers.policy_gradient import PolicyGradientSampler


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
