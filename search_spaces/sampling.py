"""Drawing architectures evenly over what they cost, rather than over their genes.

Most architectures of a space cost about the same, so a uniform draw seldom shows the cheap and the dear ones.
"""

from collections.abc import Callable
from math import log

import numpy as np

from search_spaces.architecture import Architecture
from search_spaces.space import SearchSpace

_TOLERANCE = 0.01  # of the logarithmic range of costs
_STEPS = 500


def sample_evenly(
    space: SearchSpace, cost: Callable[[Architecture], float], rng: np.random.Generator, count: int
) -> list[Architecture]:
    """Draw architectures whose costs are spread evenly on a logarithmic scale.

    The range of costs is cut into ``count`` equal strata, a target is drawn in each, and a random walk that only
    accepts mutants closer to the target ends at one of the many architectures that cost about that much.

    Args:
        space: the search space.
        cost: what an architecture costs, such as ``lambda a: flops(a, 64)``; positive.
        rng: the source of all chance.
        count: how many to draw; one draw is uniform over the logarithm of the cost.

    Returns:
        The architectures from cheap to dear. They can repeat where the space has few of a cost.
    """
    low = min(log(cost(corner)) for corner in space.corners(heavy=False))
    high = max(log(cost(corner)) for corner in space.corners(heavy=True))
    targets = low + (high - low) * (np.arange(count) + rng.random(count)) / count
    return [_walk_to(target, (high - low) * _TOLERANCE, space, cost, rng) for target in targets]


def _walk_to(
    target: float, tolerance: float, space: SearchSpace, cost: Callable[[Architecture], float], rng: np.random.Generator
) -> Architecture:
    architecture = space.sample(rng)
    distance = abs(log(cost(architecture)) - target)
    for _ in range(_STEPS):
        if distance <= tolerance:
            break
        mutant = space.mutate(architecture, rng)
        mutant_distance = abs(log(cost(mutant)) - target)
        if mutant_distance < distance:
            architecture, distance = mutant, mutant_distance
    return architecture
