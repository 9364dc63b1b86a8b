"""The settings of how the networks of a supernet share their weights."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from nas.common.errors import UserError
from nas.common.settings import part


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How the networks of a supernet share their weights.

    The measurements behind the defaults are in results/fidelity.
    """

    rule: Literal["random", "sandwich"] = "random"
    """Networks that learn from a batch: random ones alone, or, with the sandwich rule, also the
    largest and the smallest of each symmetry."""
    random_subnets: int = 4
    """Number of random networks that learn from a batch; a single one is single-path training."""
    distillation: bool = True
    """With the sandwich rule, let all other networks learn from the answers of the largest instead
    of the labels."""
    sampling: Literal["flops", "genes"] = "flops"
    """Draw random networks evenly over their FLOPs, or over their genes."""

    def __post_init__(self) -> None:
        least = 0 if self.rule == "sandwich" else 1
        if self.random_subnets < least:
            raise UserError(
                f"--random-subnets {self.random_subnets} cannot be used: give {least} or more"
            )

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(part(Sharing, self))
