"""Angles from masses, in the two conventions: the honest one, and that of the public data."""

from functools import cache

from astropy import constants, units
from astropy.cosmology import FlatLambdaCDM

from nas.data.simulation.constants import (
    BARYON_DENSITY,
    CONVENTION_REDSHIFT,
    HUBBLE_CONSTANT,
    LENS_REDSHIFT,
    MATTER_DENSITY,
    SOURCE_REDSHIFT,
)
from nas.data.simulation.settings import Physics

COSMOLOGY = FlatLambdaCDM(H0=HUBBLE_CONSTANT, Om0=MATTER_DENSITY, Ob0=BARYON_DENSITY)


@cache
def einstein_area(physics: Physics) -> float:
    """Return θ_E² of a point mass of one solar mass.

    It is 4G/c² · D_ls/(D_l D_s) (Narayan & Bartelmann 1996, eq. 21). ``realistic`` takes
    angular-diameter distances, as the equation demands. ``deeplense`` takes luminosity distances
    and their difference, as the public code does: a lens of 1e12 solar masses then has 1.281″
    instead of 1.665″.

    Returns:
        θ_E² in arcsec² for each solar mass.
    """
    if physics == "realistic":
        lens = COSMOLOGY.angular_diameter_distance(LENS_REDSHIFT)
        source = COSMOLOGY.angular_diameter_distance(SOURCE_REDSHIFT)
        between = COSMOLOGY.angular_diameter_distance(LENS_REDSHIFT, SOURCE_REDSHIFT)
    else:
        lens = COSMOLOGY.luminosity_distance(LENS_REDSHIFT)
        source = COSMOLOGY.luminosity_distance(SOURCE_REDSHIFT)
        between = source - lens
    area = 4 * constants.G * constants.M_sun / constants.c**2 * between / (lens * source)
    return float((area * units.rad**2).to_value(units.arcsec**2))


@cache
def convention_factor() -> float:
    """Return the factor .634 on the deflections of the public Models II and III.

    The public code of these models computes its angles for a source at z = 1 and then declares them
    to be for z = 2.5. So lenstronomy weakens all of them by (D_ls/D_s at 1) / (D_ls/D_s at 2.5),
    and θ_E ends near .81″.
    """

    def strength(redshift: float) -> float:
        between = COSMOLOGY.angular_diameter_distance(LENS_REDSHIFT, redshift)
        return float(between / COSMOLOGY.angular_diameter_distance(redshift))

    return strength(SOURCE_REDSHIFT) / strength(CONVENTION_REDSHIFT)
