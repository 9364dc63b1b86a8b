"""What an architecture may cost, and the part of a space that stays within it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from nas.common.errors import UserError
from nas.costs import Costs
from nas.search.options import Limits
from search_spaces import Architecture, SearchSpace

# A repair gives up after so many mutations, which is many times the number of genes.
_STEPS = 1000


@dataclass(frozen=True)
class FeasibleSpace:
    """A search space whose proposals keep the limits on parameters and FLOPs.

    It is the ``Space`` that the samplers see: whatever is sampled, mutated or crossed is brought
    within the limits by mutations. Architectures beyond the limits can still be named.

    Example:
        >>> import numpy as np
        >>> import search_spaces
        >>> from nas.costs import Costs
        >>> space = search_spaces.get_space("hybrid_nano")
        >>> costs = Costs((32, 32), 1, 3)
        >>> feasible = FeasibleSpace(space, costs, Limits(max_params=90_000))
        >>> heavy = space.named["coatnet_like"]
        >>> costs.params(heavy)
        481497
        >>> costs.params(feasible.repair(heavy, np.random.default_rng(0))) <= 90_000
        True
    """

    space: SearchSpace
    """The whole search space."""
    costs: Costs
    """Parameters and FLOPs of the space's networks."""
    limits: Limits
    """What an architecture may cost."""

    @property
    def _limited(self) -> bool:
        return self.limits.max_params is not None or self.limits.max_flops is not None

    def check(self) -> None:
        """Check that at least one architecture keeps the limits.

        Raises:
            UserError: A limit is not positive, or no architecture keeps the limits.
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
        """Return by how much an architecture breaks the limits on parameters and FLOPs.

        This is the sum of the excesses, each as a share of its limit; 0 where both are kept.
        """
        excess = self.limits.excess(
            {"params": self.costs.params(architecture), "flops": self.costs.flops(architecture)}
        )
        return sum(max(share, 0.0) for share in excess.values())

    def distributions(self) -> Mapping[str, CategoricalDistribution]:
        """Return the Optuna distribution of every gene, active or not."""
        return self.space.distributions()

    def from_params(self, params: Mapping[str, Any]) -> Architecture:
        """Return the architecture of a trial's parameters, within the limits or not."""
        return self.space.from_params(params)

    def to_params(self, architecture: Architecture) -> Mapping[str, Any]:
        """Return the parameters of an architecture, as a trial holds them."""
        return self.space.to_params(architecture)

    def active_genes(self, architecture: Architecture) -> Iterable[str]:
        """Return the genes on which the architecture depends."""
        return self.space.active_genes(architecture)

    def canonical(self, architecture: Architecture) -> Architecture:
        """Return the one architecture that stands for all equivalent ones."""
        return self.space.canonical(architecture)

    def sample(self, rng: np.random.Generator) -> Architecture:
        """Draw an architecture within the limits."""
        return self.repair(self.space.sample(rng), rng)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Return a neighbour of the architecture, brought within the limits."""
        return self.repair(self.space.mutate(architecture, rng), rng)

    def crossover(
        self, first: Architecture, second: Architecture, rng: np.random.Generator
    ) -> Architecture:
        """Return a child of two architectures, within the limits."""
        return self.repair(self.space.crossover(first, second, rng), rng)

    def repair(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Return the architecture if it keeps the limits, else a mutated one that does.

        Mutations are tried at random, and those are kept that break the limits less. After 1000
        tries the best so far is returned, which may still break a limit.
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
