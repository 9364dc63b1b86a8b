"""Strategies by name."""

from collections.abc import Callable, Mapping

from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from nas.samplers.evolution import EvolutionSampler
from nas.samplers.genetic import OrderedNSGAIISampler
from nas.samplers.names import require_strategy
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.space import Space

STRATEGIES: Mapping[str, Callable[[int, Space | None], BaseSampler]] = {
    "evolution": lambda seed, space: EvolutionSampler(seed, space=space),
    "rl": lambda seed, space: PolicyGradientSampler(seed, space=space),
    "random": lambda seed, space: RandomSampler(seed),
    "tpe": lambda seed, space: TPESampler(seed=seed),
    "nsga2": lambda seed, space: OrderedNSGAIISampler(seed=seed),
    "gp": lambda seed, space: GPSampler(seed=seed),
}
"""What makes the sampler of each of :data:`nas.samplers.names.NAMES` from a seed and space
knowledge."""


def get_sampler(name: str, seed: int = 0, space: Space | None = None) -> BaseSampler:
    """The sampler of a strategy.

    Args:
        name: ``evolution`` and ``rl`` are ours; ``random``, ``tpe``, ``nsga2`` and ``gp`` are
            Optuna's.
        seed: makes the proposals repeatable.
        space: space knowledge, which only our own samplers can use.

    Raises:
        UserError: there is no such strategy.
    """
    require_strategy(name, STRATEGIES)
    return STRATEGIES[name](seed, space)
