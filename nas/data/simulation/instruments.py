"""The cameras, whose numbers are pinned here.

lenstronomy's own numbers change between releases, and datasets must not change with them. All
fluxes are in electrons per second. A detector gain plays no part, since images are not converted to
ADU.
"""

from dataclasses import dataclass, replace
from typing import Any

from nas.data.simulation.settings import Model, Physics


@dataclass(frozen=True)
class Instrument:
    """A camera with its exposure, whose point-spread function is a Gaussian."""

    name: str
    """Name of the camera."""
    pixel_scale: float
    """Side of a pixel, arcsec."""
    psf_fwhm: float
    """Full width at half maximum of the point-spread function, arcsec."""
    psf_truncation: float
    """Radius at which the point-spread function is cut, standard deviations."""
    zero_point: float
    """Magnitude of an object that gives one electron per second."""
    exposure_time: float
    """Time of one exposure, seconds."""
    exposures: int
    """Number of exposures that are added up."""
    background: float | None = None
    """Standard deviation of the background in a pixel, electrons/s; None computes it from
    ``read_noise`` and ``sky_brightness``."""
    read_noise: float | None = None
    """Standard deviation of the read noise in each exposure, electrons."""
    sky_brightness: float | None = None
    """Brightness of the sky, magnitudes for each arcsec²."""
    log10_exposure_time: tuple[float, float] | None = None
    """Range from which each image draws its exposure time, log10 seconds; with None every image has
    ``exposure_time``."""

    def single_band(self) -> dict[str, Any]:
        """Return the camera as keyword arguments of lenstronomy's ``SingleBand``."""
        noise: dict[str, float | None] = {"background_noise": self.background}
        if self.background is None:
            noise = {"read_noise": self.read_noise, "sky_brightness": self.sky_brightness}
        return {
            "pixel_scale": self.pixel_scale,
            "seeing": self.psf_fwhm,
            "psf_type": "GAUSSIAN",
            "truncation": self.psf_truncation,
            "magnitude_zero_point": self.zero_point,
            "exposure_time": self.exposure_time,
            "num_exposures": self.exposures,
            **noise,
        }


MODEL_I = Instrument(
    name="Model I",
    pixel_scale=0.05,
    psf_fwhm=0.087,
    psf_truncation=3.0,
    # At this zero-point the public amplitude of 20 is a source of magnitude 20. The public code has
    # no magnitudes.
    zero_point=22.937,
    exposure_time=10**3.25,
    exposures=1,
    background=0.01,
    log10_exposure_time=(3.0, 3.5),
)
"""Camera of Model I, which has no name (public code, ``simple_sim``); the peak signal-to-noise is
about 25."""

EUCLID_VIS = Instrument(
    name="Euclid VIS",
    pixel_scale=0.101,
    psf_fwhm=0.16,
    psf_truncation=5.0,
    zero_point=25.72,
    exposure_time=566.0,
    exposures=4,
    read_noise=4.2,
    sky_brightness=22.3,
)
"""Euclid VIS in the wide survey (lenstronomy 1.14, from arXiv:2405.13491 to 13501)."""

PUBLIC_EUCLID_VIS = replace(EUCLID_VIS, name="Euclid VIS (lenstronomy 1.9)", zero_point=24.0)
"""Euclid VIS with the zero-point that lenstronomy 1.9 had when the public data were made."""

HST_WFC3 = Instrument(
    name="HST WFC3/F160W",
    pixel_scale=0.08,
    psf_fwhm=0.08,
    psf_truncation=5.0,
    zero_point=25.96,
    exposure_time=5400.0,
    exposures=1,
    read_noise=4.0,
    sky_brightness=22.3,
)
"""HST WFC3/F160W, two orbits, drizzled (lenstronomy 1.14; the same numbers as in 1.9)."""


def instrument(model: Model, physics: Physics) -> Instrument:
    """Return the camera of a model."""
    if model == "I":
        return MODEL_I
    if model == "III":
        return HST_WFC3
    return EUCLID_VIS if physics == "realistic" else PUBLIC_EUCLID_VIS
