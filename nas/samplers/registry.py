"""Strategies by name."""

import difflib
from collections.abc import Callable, Mapping

from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from nas.errors import UserError
from nas.samplers.evolution import EvolutionSampler
from nas.samplers.genetic import OrderedNSGAIISampler
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


def get_sampler(name: str, seed: int = 0, space: Space | None = None) -> BaseSampler:
    """The sampler of a strategy.

    Args:
        name: ``evolution`` and ``rl`` are ours; ``random``, ``tpe``, ``nsga2`` and ``gp`` are Optuna's.
        seed: makes the proposals repeatable.
        space: space knowledge, which only our own samplers can use.

    Raises:
        UserError: there is no such strategy.
    """
    if name not in STRATEGIES:
        matches = difflib.get_close_matches(name, STRATEGIES, n=2)
        hint = f"; did you mean {' or '.join(matches)}?" if matches else "."
        raise UserError(f"there is no strategy {name!r}: choose one of {', '.join(STRATEGIES)}{hint}")
    return STRATEGIES[name](seed, space)
