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
"""Makers of samplers from a seed and space knowledge, for :data:`nas.samplers.names.NAMES`."""


def get_sampler(name: str, seed: int = 0, space: Space | None = None) -> BaseSampler:
    """Return the sampler of a strategy.

    Args:
        name: Name of the strategy: ``evolution`` and ``rl`` are ours; ``random``, ``tpe``,
            ``nsga2`` and ``gp`` are Optuna's.
        seed: Seed that makes the proposals repeatable.
        space: Space knowledge, which only our own samplers can use.

    Raises:
        UserError: There is no such strategy.

    Example:
        >>> import optuna
        >>> from nas.samplers import get_sampler
        >>> study = optuna.create_study(sampler=get_sampler("evolution", seed=1))
        >>> trial = study.ask()
        >>> trial.suggest_categorical("kernel", [3, 5, 7]) in (3, 5, 7)
        True
    """
    require_strategy(name, STRATEGIES)
    return STRATEGIES[name](seed, space)
