"""What people with other ideas register: the functions of all kinds of plug-ins in one place."""

from optuna.samplers import BaseSampler

import baselines.registry  # noqa: F401  It reserves the titles of the baselines.
from nas.common.errors import UserError
from nas.data.augmentation import register_augmentation
from nas.data.catalogue import register_layout
from nas.samplers.registry import register_sampler
from nas.search.measures import register_objective
from nas.tracking.curves import register_tracker
from nas.training.networks.timm_models import register_network
from search_spaces import register_space

__all__ = [
    "register_augmentation",
    "register_layout",
    "register_network",
    "register_objective",
    "register_sampler",
    "register_space",
    "register_tracker",
]


def strategy_name(strategy: str | BaseSampler) -> str:
    """Return the name of a strategy; a sampler is registered under that of its class.

    Args:
        strategy: name of a strategy, or a sampler of Optuna.

    Raises:
        UserError: it is neither, or there is another strategy of the name.
    """
    if isinstance(strategy, str):
        return strategy
    if not isinstance(strategy, BaseSampler):
        raise UserError(
            f"the strategy {strategy!r} cannot be used: give the name of one, or a sampler of "
            "Optuna"
        )
    name = type(strategy).__name__
    register_sampler(name, lambda seed, space: strategy)
    return name
