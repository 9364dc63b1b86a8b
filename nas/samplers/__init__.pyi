from .evolution import EvolutionSampler as EvolutionSampler
from .policy_gradient import PolicyGradientSampler as PolicyGradientSampler
from .registry import STRATEGIES as STRATEGIES
from .registry import get_sampler as get_sampler
from .registry import register_sampler as register_sampler
from .space import Space as Space

__all__ = [
    "STRATEGIES",
    "EvolutionSampler",
    "PolicyGradientSampler",
    "Space",
    "get_sampler",
    "register_sampler",
]
