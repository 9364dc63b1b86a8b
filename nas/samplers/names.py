"""The names of the strategies, for whoever only needs to know whether there is one."""

import difflib
from collections.abc import Collection

from nas.common.errors import UserError

NAMES = ("evolution", "rl", "random", "tpe", "nsga2", "gp")
"""Names of the strategies: ``evolution`` and ``rl`` are ours, the others are Optuna's."""


def require_strategy(name: str, known: Collection[str] = NAMES) -> None:
    """Check that there is a strategy of this name.

    Args:
        name: The name that somebody gave.
        known: Names of all strategies.

    Raises:
        UserError: There is no such strategy; the sentence names the nearest.
    """
    if name not in known:
        matches = difflib.get_close_matches(name, known, n=2)
        hint = f"; did you mean {' or '.join(matches)}?" if matches else "."
        raise UserError(f"there is no strategy {name!r}: choose one of {', '.join(known)}{hint}")
