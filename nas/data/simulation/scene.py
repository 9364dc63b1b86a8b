"""The scene that an image shows: a lens, a source and, by class, the substructure of the lens."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nas.data.simulation.constants import VORTEX_POINTS

Floats = NDArray[np.float64]


def _none() -> Floats:
    return np.empty(0)


@dataclass(frozen=True)
class Lens:
    """A singular isothermal ellipsoid at the origin with external shear.

    The Einstein radius and the shear are those effective for the redshift of the source.
    """

    theta_e: float
    """Einstein radius, arcsec."""
    e1: float
    """First component of the ellipticity."""
    e2: float
    """Second component of the ellipticity."""
    gamma1: float
    """First component of the external shear."""
    gamma2: float
    """Second component of the external shear."""


@dataclass(frozen=True)
class Source:
    """An elliptical Sérsic profile in lenstronomy's conventions, with clumps in Model IV."""

    magnitude: float | None
    """Magnitude of disk and clumps together, before lensing; None in the public Model I, which
    fixes the amplitude instead."""
    radius: float
    """Half-light radius, geometric mean of the axes, arcsec."""
    sersic_index: float
    """Sérsic index of the disk."""
    e1: float
    """First component of the ellipticity."""
    e2: float
    """Second component of the ellipticity."""
    x: float
    """Position of the centre along x, arcsec."""
    y: float
    """Position of the centre along y, arcsec."""
    clump_fluxes: Floats = field(default_factory=_none)
    """Share of the whole light in each clump, shape (n,)."""
    clump_x: Floats = field(default_factory=_none)
    """Positions of the clumps along x, arcsec, shape (n,)."""
    clump_y: Floats = field(default_factory=_none)
    """Positions of the clumps along y, arcsec, shape (n,)."""
    clump_width: float = 0.0
    """Standard deviation of the clumps' Gaussian profile, arcsec."""


@dataclass(frozen=True)
class PointMasses:
    """Point masses and their positions."""

    masses: Floats = field(default_factory=_none)
    """Masses, solar masses, shape (n,)."""
    x: Floats = field(default_factory=_none)
    """Positions along x, arcsec, shape (n,)."""
    y: Floats = field(default_factory=_none)
    """Positions along y, arcsec, shape (n,)."""


@dataclass(frozen=True)
class VortexLine:
    """A line of mass through the origin."""

    mass: float
    """Mass of the line, solar masses."""
    axion_mass: float
    """Mass of the axion, electronvolts."""
    half_length: float
    """Half the length of the line, arcsec."""
    angle: float
    """Angle between the line and the x axis, radians."""

    def points(self) -> PointMasses:
        """Return the line as equal point masses, evenly spaced from end to end.

        The public code does the same in ``make_vortex``.
        """
        along = np.linspace(-self.half_length, self.half_length, VORTEX_POINTS)
        masses = np.full(VORTEX_POINTS, self.mass / VORTEX_POINTS)
        return PointMasses(masses, along * math.cos(self.angle), along * math.sin(self.angle))


@dataclass(frozen=True)
class Scene:
    """All that an image shows except its noise."""

    label: int
    """Position of the image's class in ``CLASSES``."""
    lens: Lens
    """Main lens."""
    source: Source
    """Source galaxy."""
    subhalos: PointMasses
    """Subhalos; there are none in the other classes."""
    vortex: VortexLine | None
    """Vortex; None in the other classes."""
    exposure_time: float
    """Time of all exposures together, seconds."""

    @property
    def substructure(self) -> PointMasses:
        """Point masses that distinguish the image from that of the lens alone."""
        return self.vortex.points() if self.vortex else self.subhalos
