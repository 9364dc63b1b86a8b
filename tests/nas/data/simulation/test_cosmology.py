"""Angles from masses, against values of the design and of lenstronomy's own cosmology."""

import math

import pytest
from lenstronomy.Cosmo.lens_cosmo import LensCosmo

from nas.data.simulation.constants import LENS_MASS, LENS_REDSHIFT, SOURCE_REDSHIFT
from nas.data.simulation.cosmology import COSMOLOGY, convention_factor, einstein_area
from nas.data.simulation.settings import LensRanges


def test_honest_einstein_radius() -> None:
    assert math.sqrt(einstein_area("realistic") * LENS_MASS) == pytest.approx(1.665, abs=1e-3)
    assert LensRanges().einstein_radius == 1.665


def test_honest_einstein_radius_agrees_with_lenstronomy() -> None:
    lenstronomy = LensCosmo(LENS_REDSHIFT, SOURCE_REDSHIFT, cosmo=COSMOLOGY)
    theta_e = math.sqrt(einstein_area("realistic") * LENS_MASS)
    assert lenstronomy.mass_in_theta_E(theta_e) == pytest.approx(LENS_MASS, rel=1e-3)


def test_public_einstein_radius() -> None:
    assert math.sqrt(einstein_area("deeplense") * LENS_MASS) == pytest.approx(1.281, abs=1e-3)


def test_public_einstein_radius_is_weakened_in_models_2_and_3() -> None:
    theta_e = math.sqrt(einstein_area("deeplense") * LENS_MASS)
    assert theta_e * convention_factor() == pytest.approx(0.81, abs=5e-3)
