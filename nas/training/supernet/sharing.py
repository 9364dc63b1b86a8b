"""How the weights of a supernet are shared: the settings."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from nas.common.errors import UserError
from nas.common.settings import part


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """How the weights are shared; what the defaults were measured against is in
    results/fidelity.
    """

    rule: Literal["random", "sandwich"] = "random"
    """Networks that learn from a batch: random ones; or, with the sandwich rule, also the largest
    and the smallest."""
    random_subnets: int = 4
    """Random networks among them; a single random one is single-path training."""
    distillation: bool = True
    """The others of a sandwich learn from the largest's answers instead of the labels."""
    sampling: Literal["flops", "genes"] = "flops"
    """Random networks are drawn evenly over their FLOPs, or over their genes."""

    def __post_init__(self) -> None:
        least = 0 if self.rule == "sandwich" else 1
        if self.random_subnets < least:
            raise UserError(
                f"--random-subnets {self.random_subnets} cannot be used: give {least} or more"
            )

    @staticmethod
    def within(settings: "Sharing") -> "Sharing":
        """Return the sharing alone from settings that inherit its fields."""
        return part(Sharing, settings)

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(Sharing.within(self))
