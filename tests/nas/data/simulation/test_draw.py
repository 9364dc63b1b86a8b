"""The scenes that are drawn, and the distributions that they are drawn from."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from nas.data.simulation import constants
from nas.data.simulation.draw import draw_scene, generator
from nas.data.simulation.scene import Scene
from nas.data.simulation.settings import SimulationSettings, Subhalos

REALISTIC = SimulationSettings(nuisance=1.0)
PUBLIC = SimulationSettings(physics="deeplense")


def scenes(settings: SimulationSettings, number: int, *, label: int | None = None) -> list[Scene]:
    indices = range(number) if label is None else range(label, 3 * number, 3)
    return [draw_scene(settings, index, generator(settings.seed, index)) for index in indices]


def test_classes_take_turns() -> None:
    drawn = scenes(REALISTIC, 6)
    assert [scene.label for scene in drawn] == [0, 1, 2, 0, 1, 2]
    for scene in drawn:
        assert bool(scene.subhalos.masses.size) == (scene.label == 1)
        assert (scene.vortex is not None) == (scene.label == 2)


def test_public_data_have_25_subhalos_and_realistic_ones_a_poisson_number() -> None:
    assert {scene.subhalos.masses.size for scene in scenes(PUBLIC, 30, label=1)} == {25}
    numbers = np.array([scene.subhalos.masses.size for scene in scenes(REALISTIC, 1000, label=1)])
    assert numbers.mean() == pytest.approx(25, abs=4 * 5 / math.sqrt(1000))
    assert numbers.var() == pytest.approx(25, rel=0.2)


def test_subhalos_lie_between_a_quarter_and_two_arcsec() -> None:
    points = [scene.subhalos for scene in scenes(REALISTIC, 200, label=1)]
    distance = np.concatenate([np.hypot(each.x, each.y) for each in points])
    assert stats.kstest(distance, stats.uniform(0.25, 1.75).cdf).pvalue > 0.01


def test_mass_fraction() -> None:
    settings = replace(REALISTIC, subhalos=Subhalos(slope=-1.9, mass_fraction=0.02))
    masses = [scene.subhalos.masses.sum() for scene in scenes(settings, 300, label=1)]
    error = np.std(masses) / math.sqrt(300)
    assert np.mean(masses) == pytest.approx(0.02 * constants.LENS_MASS, abs=4 * error)
    assert error < 0.003 * constants.LENS_MASS


def test_vortex_is_a_line_through_the_centre() -> None:
    for scene in scenes(REALISTIC, 50, label=2):
        vortex = scene.vortex
        assert vortex is not None
        assert 1e-24 <= vortex.axion_mass <= 1e-22
        assert vortex.half_length == pytest.approx(0.06 * 1e-22 / (2 * vortex.axion_mass))
        points = vortex.points()
        assert points.masses.size == 100
        assert points.masses.sum() == pytest.approx(3e10)
        assert np.hypot(points.x, points.y).max() == pytest.approx(vortex.half_length)
        assert points.x * math.sin(vortex.angle) == pytest.approx(points.y * math.cos(vortex.angle))


def test_full_ranges() -> None:
    drawn = scenes(REALISTIC, 3000)
    theta_e = [scene.lens.theta_e for scene in drawn]
    assert stats.kstest(theta_e, stats.norm(1.665, 0.15).cdf).pvalue > 0.01
    uniform = {
        (0, 0.25): [math.hypot(scene.lens.e1, scene.lens.e2) for scene in drawn],
        (0, 0.08): [math.hypot(scene.lens.gamma1, scene.lens.gamma2) for scene in drawn],
        (-math.pi, math.pi): [math.atan2(scene.lens.e2, scene.lens.e1) for scene in drawn],
        (20, 22): [scene.source.magnitude for scene in drawn],
        (0.15, 0.4): [scene.source.radius for scene in drawn],
        (0.8, 2): [scene.source.sersic_index for scene in drawn],
        (0, 0.3): [math.hypot(scene.source.e1, scene.source.e2) for scene in drawn],
        (-0.35, 0.35): [scene.source.x for scene in drawn],
    }
    for (low, high), values in uniform.items():
        assert stats.kstest(values, stats.uniform(low, high - low).cdf).pvalue > 0.003


def test_half_nuisance_halves_the_way_from_the_fixed_value() -> None:
    radii = [scene.source.radius for scene in scenes(SimulationSettings(), 2000)]
    assert stats.kstest(radii, stats.uniform(0.2, 0.125).cdf).pvalue > 0.01


def test_no_nuisance_leaves_the_public_lens_at_the_honest_radius() -> None:
    drawn = scenes(replace(REALISTIC, nuisance=0.0), 30)
    assert len({(scene.lens, scene.exposure_time) for scene in drawn}) == 1
    lens, source = drawn[0].lens, drawn[0].source
    assert (lens.theta_e, lens.e1, lens.e2, lens.gamma1, lens.gamma2) == (1.665, 0.1, 0, 0.05, 0)
    for scene in drawn:
        assert (scene.source.magnitude, scene.source.radius, scene.source.sersic_index) == (
            20,
            0.25,
            1,
        )
        assert (scene.source.x, scene.source.y) == (0, 0)
    assert (source.e1, source.e2) == pytest.approx((-0.1, 0.1))


@pytest.mark.parametrize("model", ["I", "II", "III"])
def test_public_lens_is_fixed_but_for_the_place_of_the_source(model: str) -> None:
    drawn = scenes(replace(PUBLIC, model=model), 200)
    assert len({scene.lens for scene in drawn}) == 1
    assert {scene.source.radius for scene in drawn} == {0.25}
    assert {scene.source.magnitude for scene in drawn} == {None if model == "I" else 20}
    assert (
        stats.kstest([scene.source.x for scene in drawn], stats.uniform(-0.35, 0.7).cdf).pvalue
        > 0.01
    )
    exposure = np.log10([scene.exposure_time for scene in drawn])
    assert (
        np.ptp(exposure) == 0
        if model != "I"
        else 3 <= exposure.min() < 3.01 < 3.49 < exposure.max() <= 3.5
    )


def test_clumps() -> None:
    for scene in scenes(SimulationSettings(model="IV", nuisance=1.0), 100):
        source = scene.source
        assert 4 <= source.clump_fluxes.size <= 12
        assert 0.1 <= source.clump_fluxes.sum() <= 0.3
        assert (
            np.hypot(source.clump_x - source.x, source.clump_y - source.y).max()
            < 2 * source.radius * 1.4
        )
