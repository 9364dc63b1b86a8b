"""What a search can be for, and which candidates no other beats."""

from collections.abc import Mapping, Sequence
from typing import Literal

from nas.search.result import Candidate

Direction = Literal["minimize", "maximize"]

OBJECTIVES: Mapping[str, Direction] = {
    "auc": "maximize",
    "params": "minimize",
    "flops": "minimize",
    "latency": "minimize",
}
"""What a search can be for, and in which direction, as Optuna names it."""


def objective(candidate: Candidate, name: str) -> float:
    """The value of one of :data:`OBJECTIVES`, for a candidate that is complete."""
    values = {
        "auc": candidate.auc,
        "params": candidate.params,
        "flops": candidate.flops,
        "latency": candidate.latency_ms,
    }
    value = values[name]
    assert value is not None  # a complete candidate has all that was asked for
    return float(value)


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """The complete candidates by falling AUC, each architecture once."""
    complete = [
        item for item in candidates if item.state == "complete" and item.duplicate_of is None
    ]
    return sorted(complete, key=lambda item: (_loss(item, "auc"), item.params, item.number))


def pareto(candidates: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """The complete candidates that no other beats in every objective, by falling AUC; each
    architecture once.
    """
    complete = ranked(candidates)
    losses = [tuple(_loss(item, name) for name in names) for item in complete]
    return [
        item
        for item, own in zip(complete, losses, strict=True)
        if not any(_dominates(other, own) for other in losses)
    ]


def _loss(candidate: Candidate, name: str) -> float:
    sign = -1.0 if OBJECTIVES[name] == "maximize" else 1.0
    return sign * objective(candidate, name)


def _dominates(first: Sequence[float], second: Sequence[float]) -> bool:
    return first != second and all(a <= b for a, b in zip(first, second, strict=True))
