"""What stands in the sky: a lens, a source and, by class, what disturbs them."""

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
    """A singular isothermal ellipsoid at the origin with external shear, as effective for the
    source's redshift.
    """

    theta_e: float
    """Einstein radius, arcsec."""
    e1: float
    e2: float
    gamma1: float
    gamma2: float


@dataclass(frozen=True)
class Source:
    """An elliptical Sérsic profile, with clumps in model IV; lenstronomy's conventions."""

    magnitude: float | None
    """Of everything, before lensing; None in the public Model I, which fixes the amplitude
    instead."""
    radius: float
    """Half-light radius, geometric mean of the axes, arcsec."""
    sersic_index: float
    e1: float
    e2: float
    x: float
    y: float
    clump_fluxes: Floats = field(default_factory=_none)
    """Share of the whole light in each clump."""
    clump_x: Floats = field(default_factory=_none)
    clump_y: Floats = field(default_factory=_none)
    clump_width: float = 0.0
    """Standard deviation of the clumps' Gaussian profile, arcsec."""


@dataclass(frozen=True)
class PointMasses:
    """Masses in solar masses at positions in arcsec, each of shape (n,)."""

    masses: Floats = field(default_factory=_none)
    x: Floats = field(default_factory=_none)
    y: Floats = field(default_factory=_none)


@dataclass(frozen=True)
class VortexLine:
    """A line of mass through the origin."""

    mass: float
    """Solar masses."""
    axion_mass: float
    """Electronvolts."""
    half_length: float
    """Arcsec."""
    angle: float
    """Of the line against the x axis, radians."""

    def points(self) -> PointMasses:
        """The line as equal point masses, evenly spaced from end to end (public code,
        ``make_vortex``).
        """
        along = np.linspace(-self.half_length, self.half_length, VORTEX_POINTS)
        masses = np.full(VORTEX_POINTS, self.mass / VORTEX_POINTS)
        return PointMasses(masses, along * math.cos(self.angle), along * math.sin(self.angle))


@dataclass(frozen=True)
class Scene:
    """Everything that identifies an image but its noise."""

    label: int
    lens: Lens
    source: Source
    subhalos: PointMasses
    vortex: VortexLine | None
    exposure_time: float
    """In all, seconds."""

    @property
    def substructure(self) -> PointMasses:
        """What distinguishes the image from that of the lens alone."""
        return self.vortex.points() if self.vortex else self.subhalos
