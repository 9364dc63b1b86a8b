"""The rendering of a scene, with lenstronomy's profiles and camera and a fast sum of point masses.

lenstronomy evaluates each point mass as a profile of its own, and with 25 to 100 of them that takes
nearly all of the time. On a rectangular grid their sum is two outer sums and one small matrix
product.
"""

from functools import lru_cache

import numpy as np
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.LightModel.light_model import LightModel
from lenstronomy.SimulationAPI.sim_api import SimAPI
from numpy.typing import NDArray

from nas.data.simulation.constants import DOUBLED_FLUX, SOURCE_AMPLITUDE
from nas.data.simulation.draw import mass_to_area
from nas.data.simulation.instruments import instrument
from nas.data.simulation.scene import Floats, Lens, PointMasses, Scene, Source
from nas.data.simulation.settings import SimulationSettings

BLOCK = 2**16
"""Number of distances that are held at once: 0.5 MB of them stay in the processor's cache."""

TINY = 1e-50
"""Floor under the squared distance to a point mass, arcsec², as in lenstronomy."""


class Renderer:
    """A renderer of the scenes of one dataset, which sets up lenstronomy once for all of them."""

    def __init__(self, settings: SimulationSettings) -> None:
        self._settings = settings
        camera = instrument(settings.model, settings.physics).single_band()
        self._camera = SimAPI(settings.pixels, camera, {})
        self._numerics = self._camera.image_model_class({}).ImageNumerics
        self._x, self._y = self._numerics.coordinates_evaluate
        self._lens = LensModel(["SIE", "SHEAR"])
        self._area = mass_to_area(settings)

    def image(self, scene: Scene, *, substructure: bool = True) -> Floats:
        """Return the image of a scene without noise.

        Args:
            scene: scene to render.
            substructure: whether the subhalos or the vortex deflect light too, or only the lens.

        Returns:
            Pixels in electrons/s (in the public Models II and III twice that), shape (H, W).
        """
        bent_x, bent_y = self._lens.alpha(self._x, self._y, lens_arguments(scene.lens))
        masses = scene.substructure
        if substructure and masses.masses.size:
            axis = self._x[: self._settings.pixels]
            point_x, point_y = point_mass_deflection(axis, axis, masses, self._area)
            bent_x, bent_y = bent_x + point_x.ravel(), bent_y + point_y.ravel()
        light = source_light(scene.source)
        arguments = source_arguments(scene.source, light, self._camera)
        flux = light.surface_brightness(self._x - bent_x, self._y - bent_y, arguments)
        image: Floats = self._numerics.re_size_convolve(flux)
        return image * DOUBLED_FLUX if self._doubled else image

    def observe(self, image: Floats, scene: Scene, rng: np.random.Generator) -> NDArray[np.float32]:
        """Add the noise of the camera to an image.

        ``realistic`` gives electrons/s with lenstronomy's noise, a Gaussian of variance background²
        + flux/exposure time. In ``deeplense`` the noisy image of Model I, times the exposure time,
        is the mean of a Poisson count, and Models II and III have no noise.

        Args:
            image: image without noise, shape (H, W).
            scene: scene that the image shows.
            rng: random generator of the image.

        Returns:
            The image with noise, shape (H, W).
        """
        if self._doubled:
            return image.astype(np.float32)
        variance = self._camera.background_noise**2 + np.maximum(image, 0) / scene.exposure_time
        noisy = image + np.sqrt(variance) * rng.standard_normal(image.shape)
        if self._settings.physics == "deeplense":
            noisy = rng.poisson(np.maximum(scene.exposure_time * noisy, 0)).astype(np.float64)
        return np.asarray(noisy, np.float32)

    @property
    def background(self) -> float:
        """Standard deviation of the background in a pixel, electrons/s."""
        return 0.0 if self._doubled else float(self._camera.background_noise)

    @property
    def _doubled(self) -> bool:
        return self._settings.physics == "deeplense" and self._settings.model != "I"


@lru_cache(maxsize=1)
def renderer(settings: SimulationSettings) -> Renderer:
    """Return the renderer of a dataset, which is set up once in each process."""
    return Renderer(settings)


def point_mass_deflection(
    x: Floats, y: Floats, points: PointMasses, area: float
) -> tuple[Floats, Floats]:
    """Return the deflection by point masses on a rectangular grid.

    Along x it is Σ θ_i² (x − x_i)/|x − x_i|², and along y it has the same form. In terms of the
    weights w_i = θ_i²/|x − x_i|² that is x·Σ w_i − Σ x_i w_i, so one product of the matrix (1, x_i,
    y_i) with w gives all sums.

    Args:
        x: positions of the columns, arcsec, shape (W,).
        y: positions of the rows, arcsec, shape (H,).
        points: point masses.
        area: θ_E² of one solar mass, arcsec².

    Returns:
        Deflections along x and y, arcsec, each of shape (H, W).
    """
    weights = np.stack([np.ones_like(points.x), points.x, points.y])
    # Dividing the distances by θ_i² here saves a pass over the large array.
    scale = (points.masses * area)[:, None]
    across = (x - points.x[:, None]) ** 2 / scale
    down = (y - points.y[:, None]) ** 2 / scale + TINY
    sums = np.empty((3, y.size, x.size))
    rows = max(1, BLOCK // across.size)
    for top in range(0, y.size, rows):
        inverse = np.reciprocal(down[:, top : top + rows, None] + across[:, None, :])
        sums[:, top : top + rows] = (weights @ inverse.reshape(points.x.size, -1)).reshape(
            3, -1, x.size
        )
    return x * sums[0] - sums[1], y[:, None] * sums[0] - sums[2]


def lens_arguments(lens: Lens) -> list[dict[str, float]]:
    """Return the arguments of the main lens for lenstronomy's SIE and SHEAR."""
    return [
        {"theta_E": lens.theta_e, "e1": lens.e1, "e2": lens.e2},
        {"gamma1": lens.gamma1, "gamma2": lens.gamma2},
    ]


def source_light(source: Source) -> LightModel:
    """Return the light model of a source: a Sérsic disk, and a Gaussian for each clump."""
    return LightModel(["SERSIC_ELLIPSE"] + ["GAUSSIAN"] * source.clump_fluxes.size)


def source_arguments(source: Source, light: LightModel, camera: SimAPI) -> list[dict[str, float]]:
    """Return the arguments of the light model of a source, with fluxes in the camera's electrons/s.

    Args:
        source: source to describe.
        light: light model of the source, from ``source_light``.
        camera: camera whose zero-point turns magnitudes into fluxes.
    """
    disk = {
        "R_sersic": source.radius,
        "n_sersic": source.sersic_index,
        "e1": source.e1,
        "e2": source.e2,
        "center_x": source.x,
        "center_y": source.y,
    }
    if source.magnitude is None:
        return [{"amp": SOURCE_AMPLITUDE, **disk}]
    flux = camera.magnitude2cps(source.magnitude)
    norm = light.total_flux([disk] + [{}] * source.clump_fluxes.size, norm=True, k=0)[0]
    arguments = [{"amp": flux * (1 - source.clump_fluxes.sum()) / norm, **disk}]
    for share, x, y in zip(source.clump_fluxes, source.clump_x, source.clump_y, strict=True):
        arguments.append(
            {"amp": flux * share, "sigma": source.clump_width, "center_x": x, "center_y": y}
        )
    return arguments
