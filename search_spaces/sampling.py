"""The even sampler, which draws architectures evenly over cost rather than over genes.

Most architectures of a space cost about the same, so a uniform draw seldom shows the cheap and the
dear ones.
"""

from collections.abc import Callable
from math import log

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.space import SearchSpace

_TOLERANCE = 0.01
"""Distance from the target at which a walk ends, as a share of the logarithmic range of costs."""
_STEPS = 500
"""Mutants that a walk tries at most."""

_WALKS = 5
"""Walks that look for a cost at most. A gene that multiplies the cost, such as the symmetry, leads
some walks to where every mutant is farther from the target."""


class EvenSampler:
    """A sampler whose architectures have costs spread evenly on a logarithmic scale.

    Args:
        space: Search space to draw from.
        cost: Returns the cost of an architecture, a positive number, such as
            ``lambda a: flops(a, 64)``.

    Example:
        >>> import numpy as np
        >>> from search_spaces import EvenSampler, get_space, params
        >>> sampler = EvenSampler(get_space("hybrid_nano"), params)
        >>> architectures = sampler.draw(np.random.default_rng(0), count=8)
        >>> costs = [params(architecture) for architecture in architectures]
        >>> costs[0] < 100_000 and costs[-1] > 500_000
        True
    """

    def __init__(self, space: SearchSpace, cost: Callable[[Architecture], float]) -> None:
        self._space = space
        self._cost = cost
        self._low = min(log(cost(corner)) for corner in space.corners(heavy=False))
        self._high = max(log(cost(corner)) for corner in space.corners(heavy=True))

    def draw(self, rng: np.random.Generator, count: int = 1) -> list[Architecture]:
        """Draw architectures, from cheap to dear.

        The range of costs is cut into ``count`` equal strata, a target is drawn in each, and a
        random walk that only accepts mutants closer to the target ends at one of the many
        architectures that cost about that much.

        Args:
            rng: Source of all chance.
            count: Number of architectures to draw. With 1, the draw is uniform over the
                logarithm of the cost.

        Returns:
            ``count`` architectures; some repeat where the space has few architectures of a cost.
        """
        span = self._high - self._low
        targets = self._low + span * (np.arange(count) + rng.random(count)) / count
        return [self._walk_to(target, rng) for target in targets]

    def draw_near(self, cost: float, rng: np.random.Generator) -> Architecture:
        """Draw an architecture that costs about as much as ``cost``.

        Where no random walk finds one, it returns the closest architecture that they met.
        """
        return self._walk_to(log(cost), rng)

    def _walk_to(self, target: float, rng: np.random.Generator) -> Architecture:
        tolerance = (self._high - self._low) * _TOLERANCE
        closest, least = self._walk(target, tolerance, rng)
        for _ in range(_WALKS - 1):
            if least <= tolerance:
                break
            architecture, distance = self._walk(target, tolerance, rng)
            if distance < least:
                closest, least = architecture, distance
        return closest

    def _walk(
        self, target: float, tolerance: float, rng: np.random.Generator
    ) -> tuple[Architecture, float]:
        """Return the architecture where a walk ends, and its distance from the target."""
        architecture = self._space.sample(rng)
        distance = abs(log(self._cost(architecture)) - target)
        for _ in range(_STEPS):
            if distance <= tolerance:
                break
            mutant = self._space.mutate(architecture, rng)
            mutant_distance = abs(log(self._cost(mutant)) - target)
            if mutant_distance < distance:
                architecture, distance = mutant, mutant_distance
        return architecture, distance
