"""Samplers: they propose the next architecture from the history, on any Optuna study."""

from nas.samplers.evolution import EvolutionSampler
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.registry import STRATEGIES, get_sampler
from nas.samplers.space import Space

__all__ = ["STRATEGIES", "EvolutionSampler", "PolicyGradientSampler", "Space", "get_sampler"]
