"""Every physical number of the simulation that is not a setting, with its unit and source.

*Public code* means the scripts that made the public DeepLense data
(github.com/mwt5345/DeepLenseSim, ``deeplense/lens.py``).
"""

import math

LENS_REDSHIFT = 0.5
"""Redshift of the lens and of everything in it (public code, ``z_halo``)."""

SOURCE_REDSHIFT = 1.0
"""Redshift of the source galaxy (public code, ``z_gal``)."""

HUBBLE_CONSTANT = 70.0
"""H0 of the flat ΛCDM cosmology, km/s/Mpc (public code)."""

MATTER_DENSITY = 0.3
"""Ω_m of the flat ΛCDM cosmology (public code)."""

BARYON_DENSITY = 0.05
"""Ω_b of the flat ΛCDM cosmology (public code)."""

LENS_MASS = 1e12
"""Mass of the main lens within its Einstein radius, solar masses (public scripts,
``make_single_halo``)."""

CONVENTION_REDSHIFT = 2.5
"""Source redshift that the public code declares for the deflections of Models II and III
(``z_source_convention``)."""

LENS_ELLIPTICITY = 0.1
"""(1 − q)/(1 + q) of the public lens, along x: e1 = .1, e2 = 0 (public code)."""

LENS_SHEAR = 0.05
"""External shear of the public lens, along x: γ1 = .05, γ2 = 0 (public code)."""

SOURCE_MAGNITUDE = 20.0
"""Apparent magnitude of the public source in Models II and III (public code)."""

SOURCE_AMPLITUDE = 20.0
"""Surface brightness of the public source at its half-light radius in Model I, flux/arcsec² (public
code)."""

SOURCE_RADIUS = 0.25
"""Half-light radius of the public source, arcsec (public code)."""

SOURCE_SERSIC_INDEX = 1.0
"""Sérsic index of the public source, an exponential disk (public code)."""

SOURCE_ELLIPTICITY = math.hypot(0.1, 0.1)
"""(1 − q)/(1 + q) of the public source, whose e1 = −.1 and e2 = .1 (public code)."""

SOURCE_ANGLE = math.atan2(0.1, -0.1) / 2
"""Position angle of the public source, radians: 67.5° (public code, from e1 = −.1 and e2 = .1)."""

SOURCE_OFFSET = 0.35
"""Half-width of the square in which the public source lies, arcsec (public code)."""

VORTEX_POINTS = 100
"""Number of point masses into which the vortex line is cut (public code, ``res``)."""

VORTEX_LENGTH_MASS = 0.06e-22
"""Half-length of the vortex times twice the axion mass, arcsec·eV: a de Broglie wavelength seen at
the redshift of the lens (public code, ``axion_mass_to_length``)."""

DOUBLED_FLUX = 2.0
"""Factor on the public images of Models II and III, which store the noise-free image added to
itself (public code, ``simple_sim_2``)."""
