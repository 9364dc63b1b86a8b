"""Strategies by name."""

from collections.abc import Callable, Mapping

from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from nas.common.errors import UserError
from nas.samplers.evolution import EvolutionSampler
from nas.samplers.genetic import OrderedNSGAIISampler
from nas.samplers.names import SAMPLERS
from nas.samplers.policy_gradient import PolicyGradientSampler
from nas.samplers.space import Space

SamplerFactory = Callable[[int, Space | None], BaseSampler]
"""``make(seed, space)``: returns a new sampler; the space is what there is to know of it."""

STRATEGIES: Mapping[str, SamplerFactory] = {
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
            ``nsga2`` and ``gp`` are Optuna's; others are those of plug-ins.
        seed: Seed that makes the proposals repeatable.
        space: Space knowledge, which only our own samplers can use.

    Raises:
        UserError: There is no such strategy, the plug-in that has it cannot be loaded, or it
            makes no sampler.

    Example:
        >>> import optuna
        >>> from nas.samplers import get_sampler
        >>> study = optuna.create_study(sampler=get_sampler("evolution", seed=1))
        >>> trial = study.ask()
        >>> trial.suggest_categorical("kernel", [3, 5, 7]) in (3, 5, 7)
        True
    """
    if name in STRATEGIES:
        return STRATEGIES[name](seed, space)
    sampler = SAMPLERS.get(name)(seed, space)
    if not isinstance(sampler, BaseSampler):
        raise UserError(
            f"the function of the strategy {name} returned {type(sampler).__name__}: let it return "
            "a sampler of Optuna"
        )
    return sampler


def register_sampler(name: str, make: SamplerFactory) -> None:
    """Register a strategy of one's own, which ``--strategy`` then knows.

    A search asks for a new sampler at every question, with a seed made from that of the search and
    the number of the trial, so that a search that was killed goes on as if it had not been. A
    sampler that lets its memory decide should be the same object every time.

    Args:
        name: Name of the strategy.
        make: Returns a sampler, given a seed and space knowledge (:class:`~nas.samplers.Space`,
            or None).

    Raises:
        UserError: There is a strategy of this name, or it is no function.

    Example:
        >>> import optuna
        >>> from nas.samplers import get_sampler, register_sampler
        >>> register_sampler("halton", lambda seed, space: optuna.samplers.QMCSampler(seed=seed))
        >>> type(get_sampler("halton", seed=1)).__name__
        'QMCSampler'
    """
    SAMPLERS.add(name, make)
