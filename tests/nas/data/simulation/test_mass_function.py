"""The mass function of subhalos."""

import numpy as np
import pytest
from scipy import stats

from nas.data.simulation.mass_function import masses_at, mean_mass

LOW, HIGH = 1e6, 1e10


@pytest.mark.parametrize("slope", [-0.9, -1.0, -1.9, -2.0])
def test_subhalo_masses_follow_their_power_law(slope: float) -> None:
    masses = masses_at(np.random.default_rng(1).uniform(size=4000), slope, LOW, HIGH)

    def cumulative(mass: np.ndarray) -> np.ndarray:
        grid = np.geomspace(LOW, HIGH, 20001)
        density = grid ** (slope + 1)  # The density over log m has one power more.
        total = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
        return np.interp(np.log(mass), np.log(grid), total / total[-1])

    assert stats.kstest(masses, cumulative).pvalue > 0.01


@pytest.mark.parametrize("slope", [-0.9, -1.0, -1.9, -2.0])
def test_mean_mass(slope: float) -> None:
    middles = (np.arange(2_000_000) + 0.5) / 2_000_000
    assert mean_mass(slope, LOW, HIGH) == pytest.approx(
        masses_at(middles, slope, LOW, HIGH).mean(), rel=1e-3
    )


def test_one_possible_mass() -> None:
    assert mean_mass(-0.9, 1e8, 1e8) == 1e8
    assert masses_at(np.array([0.3]), -0.9, 1e8, 1e8) == pytest.approx(1e8)
