"""What an architecture may cost and how it is scored: parts of the settings of a search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lens_nas_plugins.registry import Registry, same_source
from nas.common.errors import UserError
from nas.training.deciding import CALLED

FidelityName = Literal["funnel", "inherit", "finetune", "scratch"]
Direction = Literal["minimize", "maximize"]

OBJECTIVES = Registry[Any](
    "objectives",
    ("auc", "r2", "params", "flops", "latency", "macro_f1", "ece"),
    mistake=UserError,
    fits=lambda measure: callable(measure.of),
    same=lambda before, now: same_source(before.of, now.of),
)
"""What a search can be for; those of plug-ins are looked up here."""

# Beside R² only what is known of a network without class probabilities.
_OF_NETWORKS = ("params", "flops", "latency")


def check_objectives(names: Sequence[str], first: str) -> None:
    """Check that what decides is searched for, and what else is known and can be measured.

    Args:
        names: names of the objectives.
        first: name of the score that decides: ``auc``, or ``r2`` of a regression.

    Raises:
        UserError: it is not.
    """
    others = _OF_NETWORKS if first == "r2" else OBJECTIVES.names
    known = [first, *(name for name in others if name not in CALLED)]
    if first not in names or len(set(names)) < len(names) or not set(names) <= set(known):
        raise UserError(
            f"--objectives {','.join(names)} cannot be used: give {first}, and any of "
            f"{', '.join(known[1:])}, separated by commas"
        )
    for name in names:
        OBJECTIVES.require(name)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an architecture may cost: the settings of a constrained search.

    Example:
        >>> limits = Limits(max_params=100_000)
        >>> limits.excess({"params": 150_000, "flops": 9_000_000})
        {'params': 0.5}
    """

    max_params: int | None = None
    """Most parameters that a network may have."""
    max_flops: int | None = None
    """Most floating-point operations for one image."""
    max_latency_ms: float | None = None
    """Longest time for a batch of --latency-batch images on the device that scores, in
    milliseconds."""
    latency_batch: int = 64
    """Images in a batch whose latency is measured, where it is an objective or limited."""

    def excess(self, costs: Mapping[str, float]) -> dict[str, float]:
        """Return how far each limited cost lies beyond its limit, as a share of the limit.

        Zero or less is allowed.

        Args:
            costs: Known costs by name: ``params``, ``flops`` or ``latency_ms``. Costs without a
                limit are passed over.
        """
        limits = {name: getattr(self, f"max_{name}") for name in costs}
        return {
            name: costs[name] / limit - 1 for name, limit in limits.items() if limit is not None
        }
