"""What a search can be for, and which candidates no other beats."""

from collections.abc import Sequence

from nas.search.measures import measure_of
from nas.search.result import Candidate


def objective(candidate: Candidate, name: str) -> float:
    """Return what a complete candidate achieved in an objective.

    Raises:
        ValueError: The candidate has no such value, for example since it is still running.
    """
    values = {
        "auc": candidate.auc,
        "params": candidate.params,
        "flops": candidate.flops,
        "latency": candidate.latency_ms,
        **candidate.scores,
    }
    value = values.get(name)
    if value is None:
        raise ValueError(f"candidate {candidate.number} is {candidate.state} and has no {name}")
    return float(value)


def decided_by(candidates: Sequence[Candidate]) -> str:
    """Return the name of the score that decides among candidates: ``r2`` where they have one."""
    return "r2" if any("r2" in item.scores for item in candidates) else "auc"


def ranked(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Return the complete candidates by falling AUC, or R², each architecture once.

    Example:
        >>> from nas.search.result import Candidate
        >>> def candidate(number, auc, state="complete"):
        ...     line = f"space/gene={number}"
        ...     return Candidate(
        ...         number=number, state=state, architecture=line, params=9, flops=9, auc=auc
        ...     )
        >>> found = [candidate(0, 0.7), candidate(1, 0.9), candidate(2, None, "failed")]
        >>> [item.number for item in ranked(found)]
        [1, 0]
    """
    complete = [
        item
        for item in candidates
        if item.state == "complete" and item.score is not None and item.duplicate_of is None
    ]
    return sorted(complete, key=lambda item: (-(item.score or 0.0), item.params, item.number))


def pareto(candidates: Sequence[Candidate], names: Sequence[str]) -> list[Candidate]:
    """Return the complete candidates that no other beats in every objective, by falling AUC.

    Each architecture is there once.

    Args:
        candidates: Candidates in any state.
        names: Names of the objectives.

    Example:
        Candidate 2 is both larger and poorer than candidate 1:

        >>> from nas.search.result import Candidate
        >>> def candidate(number, auc, params):
        ...     costs = {"params": params, "flops": 9}
        ...     line = f"space/gene={number}"
        ...     return Candidate(
        ...         number=number, state="complete", architecture=line, auc=auc, **costs
        ...     )
        >>> found = [candidate(0, 0.7, 1000), candidate(1, 0.9, 5000), candidate(2, 0.8, 9000)]
        >>> [item.number for item in pareto(found, ("auc", "params"))]
        [1, 0]
    """
    complete = ranked(candidates)
    losses = [tuple(_loss(item, name) for name in names) for item in complete]
    return [
        item
        for item, own in zip(complete, losses, strict=True)
        if not any(_dominates(other, own) for other in losses)
    ]


def _loss(candidate: Candidate, name: str) -> float:
    sign = -1.0 if measure_of(name).direction == "maximize" else 1.0
    return sign * objective(candidate, name)


def _dominates(first: Sequence[float], second: Sequence[float]) -> bool:
    return first != second and all(a <= b for a, b in zip(first, second, strict=True))
