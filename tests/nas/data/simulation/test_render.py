"""The fast renderer gives what lenstronomy's own way to make the same image gives."""

import math
from typing import Any

import numpy as np
import pytest
from lenstronomy.LensModel.lens_model import LensModel
from lenstronomy.SimulationAPI.sim_api import SimAPI

from nas.data.simulation.constants import LENS_MASS
from nas.data.simulation.cosmology import COSMOLOGY, einstein_area
from nas.data.simulation.draw import draw_scene, generator
from nas.data.simulation.instruments import instrument
from nas.data.simulation.render import Renderer, point_mass_deflection
from nas.data.simulation.residual import render_without_substructure
from nas.data.simulation.scene import PointMasses, Scene
from nas.data.simulation.settings import SimulationSettings

PHYSICS = [
    (model, physics) for model in ("I", "II", "III") for physics in ("realistic", "deeplense")
]


def scene_of(settings: SimulationSettings, index: int) -> Scene:
    return draw_scene(settings, index, generator(settings.seed, index))


def plain_camera(settings: SimulationSettings, scene: Scene, **redshifts: Any) -> SimAPI:
    models = {
        "lens_model_list": ["SIE", "SHEAR"] + ["POINT_MASS"] * scene.substructure.masses.size,
        "source_light_model_list": ["SERSIC_ELLIPSE"]
        + ["GAUSSIAN"] * scene.source.clump_fluxes.size,
    }
    return SimAPI(
        settings.pixels,
        instrument(settings.model, settings.physics).single_band(),
        models | redshifts,
    )


def plain_image(settings: SimulationSettings, scene: Scene) -> Any:
    """Return the image of a scene through SimAPI.

    The public physics has angles and redshifts of its own, as in the public code.
    """
    redshifts: dict[str, Any] = {}
    lens, source, points = scene.lens, scene.source, scene.substructure
    theta_e, gamma1, gamma2 = lens.theta_e, lens.gamma1, lens.gamma2
    if settings.physics == "deeplense":
        theta_e, gamma1, gamma2 = math.sqrt(einstein_area("deeplense") * LENS_MASS), 0.05, 0.0
        if settings.model != "I":
            redshifts = {
                "lens_redshift_list": [0.5] * (2 + points.masses.size),
                "source_redshift_list": [1.0],
                "z_source": 1.0,
                "z_source_convention": 2.5,
                "cosmo": COSMOLOGY,
            }
    camera = plain_camera(settings, scene, **redshifts)
    lenses = [{"theta_E": theta_e, "e1": lens.e1, "e2": lens.e2, "center_x": 0, "center_y": 0}]
    lenses.append({"gamma1": gamma1, "gamma2": gamma2})
    for mass, x, y in zip(points.masses, points.x, points.y, strict=True):
        theta = math.sqrt(einstein_area(settings.physics) * mass)
        lenses.append({"theta_E": theta, "center_x": x, "center_y": y})
    disk = {
        "R_sersic": source.radius,
        "n_sersic": source.sersic_index,
        "e1": source.e1,
        "e2": source.e2,
    }
    disk |= {"center_x": source.x, "center_y": source.y}
    if source.magnitude is None:
        return camera.image_model_class({}).image(lenses, [{"amp": 20, **disk}])
    lights = [
        {"magnitude": source.magnitude - 2.5 * math.log10(1 - source.clump_fluxes.sum()), **disk}
    ]
    for share, x, y in zip(source.clump_fluxes, source.clump_x, source.clump_y, strict=True):
        clump = {
            "magnitude": source.magnitude - 2.5 * math.log10(share),
            "sigma": source.clump_width,
        }
        lights.append({**clump, "center_x": x, "center_y": y})
    _, lights, _ = camera.magnitude2amplitude(None, lights)
    image = camera.image_model_class({}).image(lenses, lights)
    return image + image if settings.physics == "deeplense" else image


@pytest.mark.parametrize(("model", "physics"), [*PHYSICS, ("IV", "realistic")])
@pytest.mark.parametrize("label", [0, 1, 2])
@pytest.mark.filterwarnings("ignore:Cosmology is provided")
def test_same_image_as_lenstronomy(model: Any, physics: Any, label: int) -> None:
    settings = SimulationSettings(model=model, physics=physics, nuisance=0.5)
    scene = scene_of(settings, 3 + label)
    plain = plain_image(settings, scene)
    assert np.abs(Renderer(settings).image(scene) - plain).max() < 1e-9 * plain.max()


@pytest.mark.parametrize("size", [(64, 64), (150, 150), (33, 65)])
def test_same_deflection_as_lenstronomys_point_masses(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(3)
    x, y = (0.05 * (np.arange(n) - (n - 1) / 2) for n in size)
    points = PointMasses(10 ** rng.uniform(6, 10, 100), *rng.uniform(-2, 2, (2, 100)))
    area = einstein_area("realistic")
    ours = point_mass_deflection(x, y, points, area)
    arguments = [
        {"theta_E": math.sqrt(area * mass), "center_x": px, "center_y": py}
        for mass, px, py in zip(points.masses, points.x, points.y, strict=True)
    ]
    theirs = LensModel(["POINT_MASS"] * 100).alpha(
        *(grid.ravel() for grid in np.meshgrid(x, y)), arguments
    )
    for our, their in zip(ours, theirs, strict=True):
        assert our.ravel() == pytest.approx(their, rel=1e-9, abs=1e-9)


def test_a_point_mass_on_a_pixel_gives_a_finite_image() -> None:
    axis = np.array([-1.0, 0.0, 1.0])
    points = PointMasses(np.array([1e9]), np.array([0.0]), np.array([0.0]))
    for deflection in point_mass_deflection(axis, axis, points, einstein_area("realistic")):
        assert np.isfinite(deflection).all()
        assert deflection[1, 1] == 0


@pytest.mark.parametrize("model", ["I", "II", "III"])
def test_realistic_noise_is_lenstronomys(model: Any) -> None:
    settings = SimulationSettings(model=model, image_size=64, nuisance=0.0)
    scene = scene_of(settings, 0)
    render, rng = Renderer(settings), np.random.default_rng(5)
    image = render.image(scene)
    sigma = plain_camera(settings, scene).estimate_noise(image)
    pulls = np.stack([(render.observe(image, scene, rng) - image) / sigma for _ in range(50)])
    assert pulls.mean() == pytest.approx(0, abs=4 / math.sqrt(pulls.size))
    assert pulls.std() == pytest.approx(1, abs=4 / math.sqrt(2 * pulls.size))
    assert pulls.std(axis=0).max() < 1.6


def test_public_model_1_holds_counts() -> None:
    settings = SimulationSettings(model="I", physics="deeplense")
    scene = scene_of(settings, 0)
    render, rng = Renderer(settings), np.random.default_rng(5)
    image = render.image(scene)
    counts = np.stack([render.observe(image, scene, rng) for _ in range(50)])
    assert np.array_equal(counts, np.rint(counts))
    assert counts.min() >= 0
    bright = image > 0.05
    assert counts.mean(axis=0)[bright].sum() == pytest.approx(
        scene.exposure_time * image[bright].sum(), rel=0.01
    )
    # The mean of the counts is noisy, and the counts are noisy around it. Both noises have about
    # the variance of the flux.
    assert counts.var(axis=0)[bright].mean() > 1.5 * counts.mean(axis=0)[bright].mean()


@pytest.mark.parametrize("model", ["II", "III"])
def test_public_models_2_and_3_have_no_noise(model: Any) -> None:
    settings = SimulationSettings(model=model, physics="deeplense")
    render, scene = Renderer(settings), scene_of(settings, 1)
    image = render.image(scene)
    assert np.array_equal(
        render.observe(image, scene, np.random.default_rng(0)), image.astype(np.float32)
    )
    assert render.background == 0


@pytest.mark.parametrize("label", [0, 1, 2])
def test_residual(label: int) -> None:
    settings = SimulationSettings(seed=4)
    image, smooth = render_without_substructure(settings, label)
    assert image.shape == smooth.shape == (64, 64)
    assert np.array_equal(image, smooth) == (label == 0)
    assert np.array_equal(image, Renderer(settings).image(scene_of(settings, label)))
