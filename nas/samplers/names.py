"""The names of the strategies, for whoever only needs to know whether there is one."""

from collections.abc import Callable
from typing import Any

from lens_nas_plugins.registry import Registry
from nas.common.errors import UserError

NAMES = ("evolution", "rl", "random", "tpe", "nsga2", "gp")
"""Names of the strategies: ``evolution`` and ``rl`` are ours, the others are Optuna's."""

SAMPLERS = Registry[Callable[..., Any]]("samplers", NAMES, mistake=UserError)
"""All strategies; those of plug-ins are looked up here."""
