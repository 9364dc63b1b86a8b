"""The settings of a simulated dataset, with the values of the design as defaults.

The fields serve as flags and as YAML keys. Nothing large is imported here.
"""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_type_hints

from nas.common.artefacts import DamageError, checked, short
from nas.common.errors import UserError
from nas.data.simulation.checks import check_choice, check_number, check_range
from nas.data.simulation.constants import LENS_MASS
from nas.data.simulation.mass_function import mean_mass

Model = Literal["I", "II", "III", "IV"]
Physics = Literal["realistic", "deeplense"]
Range = tuple[float, float]

CLASSES = ("no_substructure", "subhalo", "vortex")
"""Class names in label order; image i has label i % 3."""

DEFAULT_IMAGE_SIZE: Mapping[Model, int] = {"I": 150, "II": 64, "III": 64, "IV": 64}
"""Pixels on a side of an image in the public data, by model."""

SMALLEST_IMAGE, LARGEST_IMAGE = 16, 512

MOST_SUBHALOS = 10_000
"""Largest mean number of subhalos in an image; more would take seconds for each image."""


@dataclass(frozen=True)
class LensRanges:
    """The main lens, a singular isothermal ellipsoid with external shear, at random angles."""

    einstein_radius: float = 1.665
    """Mean Einstein radius, arcsec; the default is that of 1e12 solar masses."""
    einstein_radius_scatter: float = 0.15
    """Standard deviation of the Einstein radius, arcsec."""
    ellipticity: Range = (0.0, 0.25)
    """(1 - q)/(1 + q) of the lens."""
    shear: Range = (0.0, 0.08)
    """Strength of the external shear."""


@dataclass(frozen=True)
class SourceRanges:
    """The source galaxy, an elliptical Sersic profile at a random angle."""

    magnitude: Range = (20.0, 22.0)
    """Apparent magnitude before lensing."""
    radius: Range = (0.15, 0.4)
    """Half-light radius, arcsec."""
    sersic_index: Range = (0.8, 2.0)
    """Sersic index."""
    ellipticity: Range = (0.0, 0.3)
    """(1 - q)/(1 + q) of the source."""
    offset: float = 0.35
    """Half-width of the square around the lens in which the source's centre lies, arcsec."""


@dataclass(frozen=True)
class Clumps:
    """Star-forming clumps on the source's disk, in model IV only."""

    number: tuple[int, int] = (4, 12)
    """Number of clumps of a galaxy."""
    flux_fraction: Range = (0.1, 0.3)
    """Share of the galaxy's light that is in clumps."""
    width: Range = (0.05, 0.1)
    """Standard deviation of a clump's Gaussian profile, arcsec."""


@dataclass(frozen=True)
class Subhalos:
    """Cold-dark-matter subhalos, as point masses."""

    slope: float = -0.9
    """Exponent of the mass function dN/dm."""
    min_mass: float = 1e6
    """Mass of the smallest subhalo, solar masses."""
    max_mass: float = 1e10
    """Mass of the largest subhalo, solar masses."""
    mean_number: float = 25.0
    """Mean number of subhalos; not used with a mass fraction."""
    mass_fraction: float | None = None
    """Mean mass in subhalos as a share of the lens's 1e12 solar masses; sets the mean number (0.02
    with slope -1.9)."""
    distance: Range = (0.25, 2.0)
    """Distance from the lens's centre, uniform in this range, arcsec."""

    @property
    def expected_number(self) -> float:
        """Mean number of subhalos, from the mass fraction if there is one."""
        if self.mass_fraction is None:
            return self.mean_number
        return self.mass_fraction * LENS_MASS / mean_mass(self.slope, self.min_mass, self.max_mass)


@dataclass(frozen=True)
class Vortex:
    """A vortex of an axion condensate, a line of mass through the lens at a random angle.

    The line goes through the centre of the lens.
    """

    mass: float = 3e10
    """Mass of the line, solar masses."""
    log10_axion_mass: Range = (-24.0, -22.0)
    """log10 of the axion mass in eV, which sets the line's length."""


@dataclass(frozen=True)
class SimulationSettings:
    """The settings that decide the bytes of a simulated dataset.

    Example:
        >>> from nas.data.simulation.settings import SimulationSettings
        >>> settings = SimulationSettings(model="I", images=300)
        >>> settings.image_shape
        (1, 150, 150)
        >>> SimulationSettings(nuisance=2)
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: nuisance is 2: choose a number from 0 to 1
    """

    model: Model = "II"
    """I: 0.05 arcsec pixels; II: Euclid VIS; III: HST WFC3; IV: Euclid VIS and clumpy sources."""
    physics: Physics = "realistic"
    """realistic: noise and varying lenses; deeplense: fixed lenses, as the public data were
    made."""
    images: int = 3000
    """Number of images, one third for each class."""
    image_size: int | None = None
    """Pixels on a side (default: 150 for model I, else 64); the scale of a pixel is the
    camera's."""
    seed: int = 0
    """Seed of every random number."""
    nuisance: float = 0.5
    """Width of every range of the lens, the source and the clumps: 0 gives fixed values, 1 the full
    ranges."""
    # Help takes the titles of these groups from the docstrings of their classes.
    lens: LensRanges = field(default_factory=LensRanges)
    source: SourceRanges = field(default_factory=SourceRanges)
    clumps: Clumps = field(default_factory=Clumps)
    subhalos: Subhalos = field(default_factory=Subhalos)
    vortex: Vortex = field(default_factory=Vortex)

    def __post_init__(self) -> None:
        """Refuse what cannot be simulated.

        Raises:
            UserError: a setting is not allowed; the message names the field, what was given and
                what is allowed.
        """
        check_choice("model", self.model, get_args(Model))
        check_choice("physics", self.physics, get_args(Physics))
        check_number("images", self.images, len(CLASSES), math.inf)
        check_number("image_size", self.pixels, SMALLEST_IMAGE, LARGEST_IMAGE)
        check_number("seed", self.seed, 0, math.inf)
        check_number("nuisance", self.nuisance, 0, 1)
        self._check_lens_and_source()
        self._check_substructure()
        if self.physics == "deeplense":
            self._check_public()
        if self.model != "IV" and self.clumps != Clumps():
            raise UserError(
                f"clumps cannot be changed for model {self.model}, which has none: choose model IV"
            )

    @property
    def pixels(self) -> int:
        """Pixels on a side of an image."""
        return DEFAULT_IMAGE_SIZE[self.model] if self.image_size is None else self.image_size

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """Shape of an image: channels, height and width."""
        return (1, self.pixels, self.pixels)

    def _check_lens_and_source(self) -> None:
        lens, source, clumps = self.lens, self.source, self.clumps
        check_number("lens.einstein_radius", lens.einstein_radius, 0.1, 10)
        check_number(
            "lens.einstein_radius_scatter",
            lens.einstein_radius_scatter,
            0,
            lens.einstein_radius / 5,
        )
        check_range("lens.ellipticity", lens.ellipticity, 0, 0.5)
        check_range("lens.shear", lens.shear, 0, 0.5)
        check_range("source.magnitude", source.magnitude, 10, 35)
        check_range("source.radius", source.radius, 0.01, 5)
        check_range("source.sersic_index", source.sersic_index, 0.3, 8)
        check_range("source.ellipticity", source.ellipticity, 0, 0.9)
        check_number("source.offset", source.offset, 0, 5)
        check_range("clumps.number", clumps.number, 0, 100)
        check_range("clumps.flux_fraction", clumps.flux_fraction, 0, 1)
        check_range("clumps.width", clumps.width, 0.05, 1)

    def _check_substructure(self) -> None:
        subhalos, vortex = self.subhalos, self.vortex
        check_number("subhalos.slope", subhalos.slope, -5, 5)
        check_range(
            "subhalos.min_mass to subhalos.max_mass",
            (subhalos.min_mass, subhalos.max_mass),
            1,
            1e12,
        )
        if subhalos.mass_fraction is not None:
            check_number("subhalos.mass_fraction", subhalos.mass_fraction, 0, 1)
        check_number("mean number of subhalos", subhalos.expected_number, 0, MOST_SUBHALOS)
        check_range("subhalos.distance", subhalos.distance, 0, 100)
        check_number("vortex.mass", vortex.mass, 1, 1e12)
        check_range("vortex.log10_axion_mass", vortex.log10_axion_mass, -26, -18)

    def _check_public(self) -> None:
        if self.model == "IV":
            raise UserError(
                "model IV cannot be simulated with physics deeplense: choose physics realistic"
            )
        for name, default in _REALISTIC_ONLY.items():
            if getattr(self, name) != default:
                raise UserError(
                    f"{name} cannot be changed with physics deeplense, which repeats the public "
                    "data: leave it out or choose physics realistic"
                )


_REALISTIC_ONLY: Mapping[str, Any] = {
    "nuisance": SimulationSettings.nuisance,
    "lens": LensRanges(),
    "source": SourceRanges(),
    "clumps": Clumps(),
    "subhalos": Subhalos(),
    "vortex": Vortex(),
}


def load_settings(description: Mapping[str, Any]) -> SimulationSettings:
    """Return the settings that made a simulated dataset.

    Args:
        description: content of the dataset's ``dataset.json``.

    Raises:
        UserError: the content does not describe a simulated dataset that this version can read.
    """
    try:
        checked(SimulationSettings, description["settings"])
        # A setting of a later version may decide what is seen, and is not passed over.
        settings = _from_mapping(SimulationSettings, description["settings"])
    except (DamageError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            "dataset.json holds no settings of a simulation that this version knows "
            f"({short(error)}): simulate the data anew"
        ) from error
    assert isinstance(settings, SimulationSettings)
    return settings


def _from_mapping(kind: type, values: Mapping[str, Any]) -> Any:
    """Return a dataclass from nested mappings of JSON or YAML, which have lists for tuples."""
    hints = get_type_hints(kind)
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        if dataclasses.is_dataclass(hints[name]):
            arguments[name] = _from_mapping(hints[name], value)
        else:
            arguments[name] = tuple(value) if isinstance(value, list) else value
    return kind(**arguments)
