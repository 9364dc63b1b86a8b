"""What a search may spend, and how it scores: parts of its settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

FidelityName = Literal["inherit", "finetune", "scratch"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What an architecture may cost: the settings of a constrained search."""

    max_params: int | None = None
    """Most parameters that a network may have."""
    max_flops: int | None = None
    """Most floating-point operations for one image."""
    max_latency_ms: float | None = None
    """Longest time for a batch of --latency-batch images on the device that scores, in
    milliseconds."""

    def excess(self, costs: Mapping[str, float]) -> dict[str, float]:
        """How far each limited cost lies beyond its limit, as a share of the limit; zero or less is
        allowed.

        Args:
            costs: by name; those that are missing are passed over.
        """
        limits = {name: getattr(self, f"max_{name}") for name in costs}
        return {
            name: costs[name] / limit - 1 for name, limit in limits.items() if limit is not None
        }
