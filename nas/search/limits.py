"""What an architecture may cost, and the part of a space that stays within it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from nas.common.errors import UserError
from nas.costs import Costs
from nas.search.options import Limits
from search_spaces import Architecture, SearchSpace

# Steps towards the allowed costs before a search for one gives up: some times the number of genes.
_STEPS = 1000


@dataclass(frozen=True)
class FeasibleSpace:
    """A search space whose proposals keep the limits on parameters and FLOPs.

    It is the ``Space`` of the samplers: whatever is sampled, mutated or crossed is brought within
    the limits by mutations. Other architectures can still be named.
    """

    space: SearchSpace
    """The whole space."""
    costs: Costs
    """Of its networks."""
    limits: Limits
    """What they may cost."""

    @property
    def _limited(self) -> bool:
        return self.limits.max_params is not None or self.limits.max_flops is not None

    def check(self) -> None:
        """Check that something is left.

        Raises:
            UserError: a limit is not positive, or no architecture keeps the limits.
        """
        for name in ("params", "flops", "latency_ms"):
            limit = getattr(self.limits, f"max_{name}")
            flag = f"--max-{name.replace('_', '-')}"
            if limit is not None and limit <= 0:
                raise UserError(f"{flag} {limit} allows nothing: give a positive number")
            if limit is not None and name != "latency_ms":
                least = min(
                    getattr(self.costs, name)(corner) for corner in self.space.corners(heavy=False)
                )
                if limit < least:
                    raise UserError(
                        f"no architecture of {self.space.name} keeps {flag} {limit:,}: the "
                        f"smallest value is {least:,}"
                    )
        if (
            self._limited
            and self.violation(self.repair(self.space.smallest, np.random.default_rng(0))) > 0
        ):
            raise UserError(
                f"no architecture of {self.space.name} was found that keeps both --max-params and "
                "--max-flops: raise one of them"
            )

    def violation(self, architecture: Architecture) -> float:
        """By how much the architecture breaks the limits on parameters and FLOPs, as shares of
        them; 0 if not.
        """
        excess = self.limits.excess(
            {"params": self.costs.params(architecture), "flops": self.costs.flops(architecture)}
        )
        return sum(max(share, 0.0) for share in excess.values())

    def distributions(self) -> Mapping[str, BaseDistribution]:
        """The Optuna distribution of every gene, active or not."""
        return self.space.distributions()

    def from_params(self, params: Mapping[str, Any]) -> Architecture:
        """The architecture of a trial's parameters, within the limits or not."""
        return self.space.from_params(params)

    def to_params(self, architecture: Architecture) -> Mapping[str, Any]:
        """The parameters of an architecture, as a trial holds them."""
        return self.space.to_params(architecture)

    def active_genes(self, architecture: Architecture) -> Iterable[str]:
        """The genes on which the architecture depends."""
        return self.space.active_genes(architecture)

    def canonical(self, architecture: Architecture) -> Architecture:
        """The one architecture that stands for all equivalent ones."""
        return self.space.canonical(architecture)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw an architecture within the limits."""
        return self.repair(self.space.sample(rng), rng)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """A neighbour of the architecture, or the nearest within the limits."""
        return self.repair(self.space.mutate(architecture, rng), rng)

    def crossover(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Architecture:
        """A child of two architectures, within the limits."""
        return self.repair(self.space.crossover(first, second, rng), rng)

    def repair(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """The architecture if it keeps the limits, else one that mutations which break them less
        and less lead to.
        """
        if not self._limited:
            return architecture
        violation = self.violation(architecture)
        for _ in range(_STEPS):
            if violation == 0:
                break
            mutant = self.space.mutate(architecture, rng)
            if (less := self.violation(mutant)) < violation:
                architecture, violation = mutant, less
        return architecture
