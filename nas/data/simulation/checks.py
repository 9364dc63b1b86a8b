"""Checks of settings, whose errors name the field, what was given and what is allowed."""

import math
from collections.abc import Sequence

from nas.common.errors import UserError


def check_choice(name: str, value: str, choices: Sequence[str]) -> None:
    """Raise a UserError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise UserError(f"{name} is {value!r}: choose one of {', '.join(choices)}")


def check_number(name: str, value: float, low: float, high: float) -> None:
    """Raise a UserError unless ``value`` lies from ``low`` to ``high``, both included."""
    if not low <= value <= high:
        raise UserError(f"{name} is {value:g}: choose a number {_span(low, high)}")


def check_range(name: str, value: tuple[float, float], low: float, high: float) -> None:
    """Raise a UserError unless ``value`` is a rising pair from ``low`` to ``high``, inclusive."""
    if not low <= value[0] <= value[1] <= high:
        raise UserError(
            f"{name} is {value[0]:g} to {value[1]:g}: choose two rising numbers {_span(low, high)}"
        )


def _span(low: float, high: float) -> str:
    return f"of at least {low:g}" if high == math.inf else f"from {low:g} to {high:g}"
