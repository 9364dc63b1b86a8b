"""What objectives measure: functions of labels and class probabilities, and what has a price."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

from nas.common.errors import UserError
from nas.search.options import OBJECTIVES, Direction
from nas.training.metrics import NonFiniteError
from nas.training.reliability import Reliability

_Labels = npt.NDArray[np.int64]
_Probabilities = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Measure:
    """What one objective is.

    Attributes:
        direction: whether more or less of it is better.
        of: returns it, given the labels (N,) of validation images and the class probabilities
            (N, K) that a candidate gives to them; None for what is known of every candidate.
    """

    direction: Direction
    of: Callable[[_Labels, _Probabilities], float] | None = None


def register_objective(
    name: str,
    measure: Callable[[_Labels, _Probabilities], float],
    direction: Direction = "maximize",
) -> None:
    """Register an objective of one's own, which ``--objectives`` then knows.

    Args:
        name: Name of the objective.
        measure: Returns the value of a candidate, given the labels (N,) of the validation images
            and the class probabilities (N, K) that the candidate gives to them.
        direction: ``maximize`` or ``minimize``.

    Raises:
        UserError: There is an objective of this name, no such direction, or no function.

    Example:
        >>> from nas.search.measures import register_objective
        >>> from nas.search.settings import SearchSettings
        >>> def purity(labels, probabilities):
        ...     chosen = probabilities[:, 0] > 0.9
        ...     return float((labels[chosen] == 0).mean()) if chosen.any() else 0.0
        >>> register_objective("purity", purity)
        >>> SearchSettings(objectives=("auc", "purity")).objectives
        ('auc', 'purity')
    """
    if direction not in ("maximize", "minimize"):
        raise UserError(f"the direction {direction!r} cannot be used: give maximize or minimize")
    OBJECTIVES.add(name, Measure(direction, measure))


def measure_of(name: str) -> Measure:
    """Return what an objective is.

    Raises:
        UserError: there is no such objective, or the plug-in that has it cannot be loaded.

    Example:
        >>> measure_of("ece").direction
        'minimize'
    """
    found: Measure = _MEASURES.get(name) or OBJECTIVES.get(name)
    return found


def directions(names: Sequence[str]) -> list[Direction]:
    """Return the directions of objectives, as Optuna names them."""
    return [measure_of(name).direction for name in names]


def measured(
    names: Sequence[str], labels: _Labels, probabilities: _Probabilities
) -> dict[str, float]:
    """Return what a candidate achieves in those objectives that are functions of probabilities.

    Args:
        names: names of objectives.
        labels: labels (N,) of the images.
        probabilities: class probabilities (N, K).

    Raises:
        NonFiniteError: a value is not a number.

    Example:
        >>> probabilities = np.array([[0.9, 0.1], [0.2, 0.8]])
        >>> measured(("auc", "macro_f1", "ece"), np.array([0, 1]), probabilities)
        {'macro_f1': 1.0, 'ece': 0.15}
    """
    values = {}
    for name in names:
        if (of := measure_of(name).of) is not None:
            values[name] = float(of(labels, probabilities))
            if not isfinite(values[name]):
                raise NonFiniteError(f"the objective {name} is {values[name]}")
    return values


def macro_f1(labels: _Labels, probabilities: _Probabilities) -> float:
    """Return the mean over classes of the F1 score of the most probable class."""
    classes = range(probabilities.shape[1])
    chosen = probabilities.argmax(axis=1)
    return float(f1_score(labels, chosen, labels=list(classes), average="macro", zero_division=0))


def expected_calibration_error(labels: _Labels, probabilities: _Probabilities) -> float:
    """Return by how much confidence and accuracy differ (:class:`Reliability`)."""
    return Reliability.of(labels, probabilities).error


_MEASURES: Mapping[str, Measure] = {
    "auc": Measure("maximize"),
    "r2": Measure("maximize"),
    "params": Measure("minimize"),
    "flops": Measure("minimize"),
    "latency": Measure("minimize"),
    "macro_f1": Measure("maximize", macro_f1),
    "ece": Measure("minimize", expected_calibration_error),
}
