"""The draw of a scene, which each image makes from a random generator of its own."""

import math
from dataclasses import replace

import numpy as np

from nas.data.simulation import constants
from nas.data.simulation.cosmology import convention_factor, einstein_area
from nas.data.simulation.instruments import instrument
from nas.data.simulation.mass_function import masses_at
from nas.data.simulation.scene import Floats, Lens, PointMasses, Scene, Source, VortexLine
from nas.data.simulation.settings import CLASSES, Range, SimulationSettings

HALF_TURN = math.pi / 2
"""Half the full range of an ellipse's angle, which repeats after 180°, radians."""

DISK_SCALE = 1.678
"""Half-light radius of an exponential disk in units of its scale length."""


def generator(seed: int, index: int) -> np.random.Generator:
    """Return the random generator of one image, which does not depend on what was drawn before."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(index,))))


def draw_scene(settings: SimulationSettings, index: int, rng: np.random.Generator) -> Scene:
    """Draw the scene of one image.

    Args:
        settings: settings of the dataset.
        index: position of the image in the dataset, which sets its class.
        rng: random generator of the image.
    """
    label = index % len(CLASSES)
    name = CLASSES[label]
    return Scene(
        label=label,
        lens=_lens(settings, rng),
        source=_source(settings, rng),
        subhalos=_subhalos(settings, rng) if name == "subhalo" else PointMasses(),
        vortex=_vortex(settings, rng) if name == "vortex" else None,
        exposure_time=_exposure_time(settings, rng),
    )


def mass_to_area(settings: SimulationSettings) -> float:
    """Return θ_E² of one solar mass, as effective for the redshift of the source, arcsec²."""
    return einstein_area(settings.physics) * _convention(settings)


def typical_radii(settings: SimulationSettings) -> tuple[float, float]:
    """Return the mean Einstein radius and the mean half-light radius of the source, arcsec."""
    if settings.physics == "deeplense":
        theta_e = math.sqrt(einstein_area("deeplense") * constants.LENS_MASS)
        return theta_e * _convention(settings), constants.SOURCE_RADIUS
    return settings.lens.einstein_radius, sum(settings.source.radius) / 2


def _convention(settings: SimulationSettings) -> float:
    """Return the factor on every deflection: 1, except for the public Models II and III."""
    return (
        convention_factor()
        if settings.physics == "deeplense" and settings.model in ("II", "III")
        else 1.0
    )


def _lens(settings: SimulationSettings, rng: np.random.Generator) -> Lens:
    if settings.physics == "deeplense":
        theta_e, _ = typical_radii(settings)
        shear = constants.LENS_SHEAR * _convention(settings)
        return Lens(theta_e, constants.LENS_ELLIPTICITY, 0.0, shear, 0.0)
    ranges, width = settings.lens, settings.nuisance
    # The deviation is cut at four standard deviations, for an Einstein radius must stay positive.
    deviation = float(np.clip(rng.standard_normal(), -4, 4))
    theta_e = ranges.einstein_radius + width * ranges.einstein_radius_scatter * deviation
    e1, e2 = _ellipse(ranges.ellipticity, constants.LENS_ELLIPTICITY, 0.0, width, rng)
    gamma1, gamma2 = _ellipse(ranges.shear, constants.LENS_SHEAR, 0.0, width, rng)
    return Lens(theta_e, e1, e2, gamma1, gamma2)


def _source(settings: SimulationSettings, rng: np.random.Generator) -> Source:
    if settings.physics == "deeplense":
        x, y = rng.uniform(-constants.SOURCE_OFFSET, constants.SOURCE_OFFSET, 2)
        e1, e2 = _components(constants.SOURCE_ELLIPTICITY, constants.SOURCE_ANGLE)
        magnitude = None if settings.model == "I" else constants.SOURCE_MAGNITUDE
        return Source(
            magnitude,
            constants.SOURCE_RADIUS,
            constants.SOURCE_SERSIC_INDEX,
            e1,
            e2,
            float(x),
            float(y),
        )
    ranges, width = settings.source, settings.nuisance
    magnitude = _uniform(ranges.magnitude, constants.SOURCE_MAGNITUDE, width, rng)
    radius = _uniform(ranges.radius, constants.SOURCE_RADIUS, width, rng)
    sersic_index = _uniform(ranges.sersic_index, constants.SOURCE_SERSIC_INDEX, width, rng)
    e1, e2 = _ellipse(
        ranges.ellipticity, constants.SOURCE_ELLIPTICITY, constants.SOURCE_ANGLE, width, rng
    )
    x = _uniform((-ranges.offset, ranges.offset), 0.0, width, rng)
    y = _uniform((-ranges.offset, ranges.offset), 0.0, width, rng)
    disk = Source(magnitude, radius, sersic_index, e1, e2, x, y)
    return _with_clumps(disk, settings, rng) if settings.model == "IV" else disk


def _with_clumps(disk: Source, settings: SimulationSettings, rng: np.random.Generator) -> Source:
    """Return a disk with clumps on it.

    Where the clumps are and how they share their light is random at any nuisance.
    """
    ranges, width = settings.clumps, settings.nuisance
    number = round(_uniform(ranges.number, sum(ranges.number) / 2, width, rng))
    fraction = _uniform(ranges.flux_fraction, sum(ranges.flux_fraction) / 2, width, rng)
    shares = rng.dirichlet(np.ones(number)) if number else np.empty(0)
    # An exponential disk has the radial density r·exp(−r/scale), which is a gamma law. No clump
    # lies beyond two half-light radii, where there is hardly a disk.
    distance = np.minimum(rng.gamma(2.0, disk.radius / DISK_SCALE, number), 2 * disk.radius)
    azimuth = rng.uniform(0, 2 * math.pi, number)
    x, y = _squeeze(distance * np.cos(azimuth), distance * np.sin(azimuth), disk.e1, disk.e2)
    return replace(
        disk,
        clump_fluxes=fraction * shares,
        clump_x=disk.x + x,
        clump_y=disk.y + y,
        clump_width=_uniform(ranges.width, sum(ranges.width) / 2, width, rng),
    )


def _subhalos(settings: SimulationSettings, rng: np.random.Generator) -> PointMasses:
    ranges = settings.subhalos
    # The public code draws a Poisson number and then does not use it.
    number = (
        round(ranges.expected_number)
        if settings.physics == "deeplense"
        else rng.poisson(ranges.expected_number)
    )
    masses = masses_at(rng.uniform(size=number), ranges.slope, ranges.min_mass, ranges.max_mass)
    distance = rng.uniform(*ranges.distance, number)
    azimuth = rng.uniform(0, 2 * math.pi, number)
    return PointMasses(masses, distance * np.sin(azimuth), distance * np.cos(azimuth))


def _vortex(settings: SimulationSettings, rng: np.random.Generator) -> VortexLine:
    axion_mass = math.pow(10, rng.uniform(*settings.vortex.log10_axion_mass))
    half_length = constants.VORTEX_LENGTH_MASS / (2 * axion_mass)
    return VortexLine(
        settings.vortex.mass, axion_mass, half_length, float(rng.uniform(0, 2 * math.pi))
    )


def _exposure_time(settings: SimulationSettings, rng: np.random.Generator) -> float:
    camera = instrument(settings.model, settings.physics)
    span = camera.log10_exposure_time
    if span is None:
        return camera.exposure_time * camera.exposures
    width = 1.0 if settings.physics == "deeplense" else settings.nuisance
    return math.pow(10, _uniform(span, math.log10(camera.exposure_time), width, rng))


def _uniform(full: Range, fixed: float, width: float, rng: np.random.Generator) -> float:
    """Draw from a range that grows from the fixed value (width 0) to the full range (width 1)."""
    low, high = (fixed + width * (end - fixed) for end in full)
    return float(rng.uniform(low, high))


def _ellipse(
    full: Range, fixed: float, angle: float, width: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Draw size and angle (radians) of an ellipticity or shear, and return its two components."""
    size = _uniform(full, fixed, width, rng)
    return _components(size, _uniform((angle - HALF_TURN, angle + HALF_TURN), angle, width, rng))


def _components(size: float, angle: float) -> tuple[float, float]:
    return size * math.cos(2 * angle), size * math.sin(2 * angle)


def _squeeze(x: Floats, y: Floats, e1: float, e2: float) -> tuple[Floats, Floats]:
    """Move points of a round disk onto an ellipse of the same area.

    This is the inverse of lenstronomy's ``transform_e1e2_product_average``.
    """
    norm = math.sqrt(1 - e1**2 - e2**2)
    return ((1 + e1) * x + e2 * y) / norm, (e2 * x + (1 - e1) * y) / norm
