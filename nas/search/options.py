"""What an architecture may cost and how it is scored: parts of the settings of a search."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lens_nas_plugins.registry import Registry, same_source
from nas.common.errors import UserError

FidelityName = Literal["funnel", "inherit", "finetune", "scratch"]
Direction = Literal["minimize", "maximize"]

OBJECTIVES = Registry[Any](
    "objectives",
    ("auc", "params", "flops", "latency", "macro_f1", "ece"),
    mistake=UserError,
    fits=lambda measure: callable(measure.of),
    same=lambda before, now: same_source(before.of, now.of),
)
"""What a search can be for; those of plug-ins are looked up here."""


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
