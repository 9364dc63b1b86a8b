import math

import numpy as np
import pytest

from search_spaces import Architecture, EvenSampler, flops, get_space, params


@pytest.mark.parametrize("space_name", ["hybrid_nano", "hybrid_small"])
def test_costs_are_spread_evenly_from_end_to_end(space_name: str) -> None:
    space = get_space(space_name)

    def cost(architecture: Architecture) -> float:
        return flops(architecture, 64)

    low = min(map(cost, space.corners(heavy=False)))
    high = max(map(cost, space.corners(heavy=True)))
    drawn = EvenSampler(space, cost).draw(np.random.default_rng(0), 40)
    strata = [
        math.log(cost(architecture) / low) / math.log(high / low) * 40 for architecture in drawn
    ]
    # The sampler stops within 0.01 of the range, which is 0.4 of one of 40 strata.
    assert all(abs(stratum - (i + 0.5)) <= 0.5 + 0.4 for i, stratum in enumerate(strata))
    assert len(set(drawn)) >= 38
    for architecture in drawn:
        space.validate(architecture)


@pytest.mark.parametrize("space_name", ["hybrid_nano", "lens_nano"])
def test_draws_near_a_cost_differ_in_all_but_the_cost(space_name: str) -> None:
    space = get_space(space_name)
    sampler, rng = EvenSampler(space, params), np.random.default_rng(0)
    drawn = [sampler.draw_near(200_000, rng) for _ in range(20)]
    assert all(abs(params(architecture) / 200_000 - 1) < 0.1 for architecture in drawn)
    assert len(set(drawn)) == 20


def test_single_draws_cover_what_uniform_draws_miss() -> None:
    space = get_space("hybrid_nano")
    rng = np.random.default_rng(0)
    cheap = 2 * flops(space.smallest, 64)
    sampler = EvenSampler(space, lambda a: flops(a, 64))
    even = [sampler.draw(rng)[0] for _ in range(100)]
    uniform = [space.sample(rng) for _ in range(100)]
    assert sum(flops(architecture, 64) < cheap for architecture in even) > 10
    assert sum(flops(architecture, 64) < cheap for architecture in uniform) == 0
