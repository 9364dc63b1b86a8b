"""Smooth lenses are fitted to images, and what they leave is the second channel of a data set."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor

from nas.common.errors import UserError
from nas.data import open_dataset
from nas.data.options import ReadOptions
from nas.data.settings import ResidualSettings
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.settings import Model, SimulationSettings
from nas.data.smooth.dataset import Camera, add_residuals, residuals, simulated_camera
from nas.data.smooth.fit import fit_smooth, sky_noise
from nas.data.smooth.models import SersicModel
from nas.data.smooth.names import Galaxy

IMAGES = 60
FREE: dict[str, Any] = {"galaxy": "free", "camera": None, "workers": 1}


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("smooth") / "data"
    simulate_dataset(SimulationSettings(images=IMAGES, image_size=48, nuisance=1.0), directory, 2)
    return directory


@pytest.fixture(scope="module")
def images(simulated: Path) -> Tensor:
    return torch.from_numpy(np.array(open_dataset(simulated).images[:, 0]))


def camera(simulated: Path) -> Camera:
    return simulated_camera(open_dataset(simulated))


@pytest.mark.parametrize(("galaxy", "unexplained"), [("sersic", (0.8, 1.2)), ("free", (0.8, 5))])
def test_a_lens_without_substructure_is_explained_and_others_are_not(
    simulated: Path, images: Tensor, galaxy: Galaxy, unexplained: tuple[float, float]
) -> None:
    """Between its cells a free galaxy is not quite as sharp as a bright one is."""
    spread = residuals(images, galaxy, camera(simulated)).square().mean((1, 2))
    without, subhalos = spread[::3], spread[1::3]
    low, high = unexplained
    assert low < without.median() < high
    assert subhalos.median() > 2 * without.median()


def test_the_einstein_radius_is_that_of_the_simulation(simulated: Path, images: Tensor) -> None:
    used = camera(simulated)
    noise = sky_noise(images)[:, None, None].expand_as(images)
    model = SersicModel(48, 48, used.psf_fwhm / 2.3548)
    fitted = fit_smooth(model, images[::3], noise[::3])
    truth = pd.read_parquet(simulated / "parameters.parquet")["lens_theta_e"][::3]
    radii = fitted.parameters[:, 0].exp().numpy() * 0.101  # arcsec a pixel
    assert np.abs(radii - truth).max() < 0.02
    assert truth.std() > 0.1


def test_the_noise_of_the_sky_is_found_beside_the_ring(simulated: Path, images: Tensor) -> None:
    truth = pd.read_parquet(simulated / "parameters.parquet")["background"]
    assert sky_noise(images).median() == pytest.approx(truth[0], rel=0.15)


@pytest.mark.parametrize(("galaxy", "typical", "most"), [("sersic", 0.02, 0.5), ("free", 0.15, 2)])
def test_turned_images_have_turned_residuals(
    simulated: Path, images: Tensor, galaxy: Galaxy, typical: float, most: float
) -> None:
    def turned(one: Tensor) -> Tensor:
        return torch.rot90(one, 1, (1, 2)).flip(2)

    some = images[::3]
    there = turned(residuals(some, galaxy, camera(simulated)))
    difference = (residuals(turned(some), galaxy, camera(simulated)) - there).abs()
    assert difference.median() < typical
    assert difference.quantile(0.99) < most


@pytest.mark.parametrize("galaxy", ["sersic", "free"])
@pytest.mark.parametrize("value", [0.0, 1.0, -1.0])
def test_images_without_a_lens_have_finite_residuals(value: float, galaxy: Galaxy) -> None:
    assert residuals(torch.full((2, 32, 40), value), galaxy, Camera(2.0, 100.0)).isfinite().all()


@pytest.mark.parametrize("galaxy", ["sersic", "free"])
@pytest.mark.parametrize("other", [0.0, 1000.0])
def test_an_image_is_fitted_alone(
    simulated: Path, images: Tensor, galaxy: Galaxy, other: float
) -> None:
    used = camera(simulated)
    alone = residuals(images[:1], galaxy, used)
    beside = residuals(torch.cat([images[:1], other * images[3:4]]), galaxy, used)
    torch.testing.assert_close(beside[:1], alone, atol=0.05, rtol=0.05)


@pytest.mark.parametrize(("model", "exposure"), [("I", 1.0), ("II", 0.0)])
def test_the_camera_of_the_public_data(tmp_path: Path, model: Model, exposure: float) -> None:
    settings = SimulationSettings(model=model, physics="deeplense", images=9, image_size=64)
    simulate_dataset(settings, tmp_path / "data", 1)
    assert camera(tmp_path / "data").exposure == exposure
    wide = Camera(psf_fwhm=1e9)
    with pytest.raises(UserError, match=r"--psf-fwhm 1e.09 is wider than the images"):
        add_residuals(
            tmp_path / "data", tmp_path / "out", ReadOptions(), **{**FREE, "camera": wide}
        )


def test_a_data_set_gets_a_second_channel(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.data.smooth.dataset._AT_ONCE", 16)  # several tasks a split
    before, threads = open_dataset(simulated), torch.get_num_threads()
    add_residuals(simulated, tmp_path / "out", ReadOptions(), **FREE)
    after = open_dataset(tmp_path / "out")
    assert after.classes == before.classes
    then, now = before.splits(), after.splits()
    assert now.made == ()
    for name in ("train", "val", "test"):
        old, new = getattr(then, name), getattr(now, name)
        assert np.array_equal(after.images[new, 0], before.images[old, 0])
        assert np.array_equal(after.labels[new], before.labels[old])
    expected = residuals(torch.from_numpy(before.images[then.val, 0]), "free", camera(simulated))
    assert np.allclose(after.images[now.val, 1], expected, atol=1e-3)

    assert torch.get_num_threads() == threads
    add_residuals(simulated, tmp_path / "two", ReadOptions(), **{**FREE, "workers": 2})
    again = (tmp_path / "two" / "train" / "images.npy").read_bytes()
    assert again == (tmp_path / "out" / "train" / "images.npy").read_bytes()


def test_a_stopped_command_goes_on(simulated: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    add_residuals(simulated, out, ReadOptions(), **FREE)
    kept = (out / "val" / "images.npy").stat().st_mtime_ns
    whole = (out / "test" / "images.npy").read_bytes()
    (out / "test" / "images.npy").unlink()
    add_residuals(simulated, out, ReadOptions(), **FREE)
    assert (out / "val" / "images.npy").stat().st_mtime_ns == kept
    assert (out / "test" / "images.npy").read_bytes() == whole
    with pytest.raises(UserError, match="holds residuals of other images: give another --out"):
        add_residuals(simulated, out, ReadOptions(), **{**FREE, "camera": Camera(3.0)})


def test_images_without_classes(simulated: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for number, image in enumerate(open_dataset(simulated).images[:3]):
        np.save(new / f"{number}.npy", image)
    options = ReadOptions(layout="unlabelled")
    with pytest.raises(UserError, match=r"nothing is known of the camera of .*: give --psf-fwhm"):
        add_residuals(new, tmp_path / "out", options, **FREE)
    add_residuals(
        new, tmp_path / "out", options, galaxy="sersic", camera=camera(simulated), workers=1
    )
    written = open_dataset(tmp_path / "out", options)
    assert written.images.shape == (3, 2, 48, 48)
    assert written.info["layout"] == "unlabelled"


def test_what_cannot_be_fitted(simulated: Path, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("mine")
    with pytest.raises(UserError, match="holds something already: give another --out"):
        add_residuals(
            simulated, tmp_path / "full", ReadOptions(), galaxy="free", camera=None, workers=1
        )
    np.save(tmp_path / "images.npy", np.random.default_rng(0).random((12, 3, 32, 32)))
    np.save(tmp_path / "labels.npy", np.arange(12) % 2)
    with pytest.raises(UserError, match="images of 3 channels: a smooth lens is fitted to one"):
        add_residuals(
            tmp_path,
            tmp_path / "out",
            ReadOptions(),
            galaxy="sersic",
            camera=Camera(2.0),
            workers=1,
        )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"psf_fwhm": 0.0}, "--psf-fwhm 0.0 cannot be used: give a number above 0"),
        ({"psf_fwhm": 2.0, "exposure": -1.0}, "--exposure -1.0 cannot be used"),
        ({"exposure": 100.0}, "--exposure is used together with --psf-fwhm"),
        ({"workers": 0}, "--workers 0 is not a number of processes"),
    ],
)
def test_mistakes(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        ResidualSettings(directory=Path("data"), **changes)
