"""A data set with a second channel: what a smooth lens leaves unexplained of each image."""

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from nas.common.artefacts import read_json, reading
from nas.common.errors import UserError
from nas.common.files import atomic_path, make_directory, room_for, write_json
from nas.common.progress import progress, say
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ReadOptions
from nas.data.packed import METADATA
from nas.data.simulation.instruments import instrument
from nas.data.simulation.settings import load_settings
from nas.data.simulation.workers import run_workers
from nas.data.smooth.fit import fit_smooth, sky_noise
from nas.data.smooth.lens import LENS
from nas.data.smooth.models import FreeModel, SersicModel
from nas.data.smooth.names import Galaxy

DESCRIPTION = "residual.json"
"""Name of the file that says what a data set of residuals was made from."""

_AT_ONCE = 64
"""Images that are fitted together; more take more memory and are no faster."""

_FWHM = 2 * (2 * np.log(2)) ** 0.5
"""Full width at half maximum of a Gaussian with a standard deviation of one."""


@dataclass(frozen=True)
class Camera:
    """What must be known of the camera.

    Attributes:
        psf_fwhm: Full width at half maximum of the point-spread function, in pixels.
        exposure: Electrons that a brightness of one stands for; 0 where the noise of photons is not
            known, and the sky's is taken for all.
    """

    psf_fwhm: float
    exposure: float = 0.0


def add_residuals(
    directory: Path,
    out: Path,
    options: ReadOptions,
    *,
    galaxy: Galaxy,
    camera: Camera | None,
    workers: int,
) -> None:
    """Write a data set whose images have two channels: the image, and its residual.

    A residual is the image less a smooth lens that is fitted to it, in units of the noise. Splits
    are those of the data set, in folders of their own.

    Args:
        directory: Directory of the data set, whose images have one channel.
        out: Directory to write, new or empty.
        options: How the data set is read.
        galaxy: What is taken to be behind the lens.
        camera: The camera; None for that of a simulation.
        workers: Number of processes, which changes no residual.

    Raises:
        UserError: The data set cannot be read or has several channels, nothing is known of its
            camera, or there is something in the way.
    """
    dataset = open_dataset(directory, options)
    if dataset.images.shape[1] != 1:
        raise UserError(
            f"{directory} has images of {dataset.images.shape[1]} channels: a smooth lens is "
            "fitted to one"
        )
    camera = camera or simulated_camera(dataset)
    if camera.psf_fwhm > max(dataset.images.shape[2:]):
        raise UserError(
            f"--psf-fwhm {camera.psf_fwhm:g} is wider than the images of {directory}: give it in "
            "pixels"
        )
    about = {
        "fingerprint": dataset.info["fingerprint"],
        "galaxy": galaxy,
        "psf_fwhm": camera.psf_fwhm,
        "exposure": camera.exposure,
    }
    make_directory(out, "--out")
    _begin(out, about)
    fit = partial(residuals, galaxy=galaxy, camera=camera)
    for name, places in _parts(dataset).items():
        place = out / name
        if (place / "images.npy").exists():
            continue
        place.mkdir(exist_ok=True)
        with room_for(place, "the same command goes on"):
            _write(dataset, places, place, fit, workers)


def simulated_camera(dataset: LensDataset) -> Camera:
    """Return the camera of a simulated data set.

    Raises:
        UserError: The data set was not simulated.
    """
    files = sorted({Path(file).with_name(METADATA) for file in dataset.table["file"].unique()})
    found = [dataset.directory / file for file in files if (dataset.directory / file).is_file()]
    if not found:
        raise UserError(
            f"nothing is known of the camera of {dataset.directory}: give --psf-fwhm, in pixels"
        )
    with reading(found[0], "simulate the data anew, or give --psf-fwhm"):
        settings = load_settings(read_json(found[0]))
    used = instrument(settings.model, settings.physics)
    exposure = used.exposure_time * used.exposures
    if settings.physics == "deeplense":  # counts in Model I; no noise at all in the others
        exposure = 1.0 if settings.model == "I" else 0.0
    return Camera(used.psf_fwhm / used.pixel_scale, exposure)


def _begin(out: Path, about: dict[str, object]) -> None:
    """Say what the data set is made from, unless that stands there already."""
    path = out / DESCRIPTION
    if path.exists():
        with reading(path, "give another --out"):
            if read_json(path) != json.loads(json.dumps(about)):
                raise UserError(f"{out} holds residuals of other images: give another --out")
        return
    if any(out.iterdir()):
        raise UserError(f"{out} holds something already: give another --out")
    write_json(path, about)


def _parts(dataset: LensDataset) -> dict[str, npt.NDArray[np.int64]]:
    """Return the positions of the images of each folder that is written."""
    if dataset.info["layout"] == "unlabelled":
        return {"": np.arange(len(dataset.images))}
    splits = dataset.splits()
    return {name: getattr(splits, name) for name in ("train", "val", "test")}


def _write(
    dataset: LensDataset,
    places: npt.NDArray[np.int64],
    out: Path,
    fit: Callable[[torch.Tensor], torch.Tensor],
    workers: int,
) -> None:
    """Write the images of a split, and before them their labels."""
    if dataset.info["layout"] != "unlabelled":
        with atomic_path(out / "labels.npy") as temporary, temporary.open("wb") as file:
            np.save(file, np.array(dataset.classes)[dataset.labels[places]])
    height, width = dataset.images.shape[2:]
    with atomic_path(out / "images.npy") as temporary:
        shape = (len(places), 2, height, width)
        np.lib.format.open_memmap(temporary, "w+", np.float32, shape).flush()
        read = partial(open_dataset, dataset.directory, dataset.options)
        task = partial(_fit_some, read, places, temporary, fit, _AT_ONCE)
        starts = range(0, len(places), _AT_ONCE)
        with (
            progress(f"fitting lenses to {out.name}", len(places), "images") as advance,
            closing(run_workers(task, starts, workers)) as done,
        ):
            for count in done:
                advance(count)
    say(f"{out}: {len(places):,} images with residuals")


def _fit_some(
    read: Callable[[], LensDataset],
    places: npt.NDArray[np.int64],
    path: Path,
    fit: Callable[[torch.Tensor], torch.Tensor],
    count: int,
    start: int,
) -> int:
    """Fit some images, and write them with their residuals into their place."""
    some = places[start : start + count]
    images = torch.from_numpy(read().images[some, 0].copy())
    with one_thread():
        left = fit(images).numpy()
    written = np.lib.format.open_memmap(path, "r+")
    written[start : start + len(some), 0] = images.numpy()
    written[start : start + len(some), 1] = left
    written.flush()
    return len(some)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread, so that processes beside each other do not wait for their turns."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def residuals(images: torch.Tensor, galaxy: Galaxy, camera: Camera) -> torch.Tensor:
    """Return images less smooth lenses that are fitted to them, in units of the noise.

    Args:
        images: Images (B, H, W), whose sky is at 0.
        galaxy: What is taken to be behind the lens.
        camera: Their camera.

    Example:
        >>> import torch
        >>> from nas.data.smooth.dataset import Camera, residuals
        >>> from nas.data.smooth.models import SersicModel
        >>> lens = [2.4, 0.1, 0.05, 0.01, 0.02, 1.0, -0.5, 0.9, 0.2, 0.1, 0.0, 0.0]
        >>> nothing = torch.zeros(1, 40 * 40)
        >>> smooth = SersicModel(40, 40, 0.7).render(torch.tensor([lens]), nothing, nothing)
        >>> sky = 0.02 * torch.randn(1, 40, 40, generator=torch.manual_seed(0))
        >>> left = residuals(smooth.view(1, 40, 40) + sky, "sersic", Camera(psf_fwhm=1.65))
        >>> 0.7 < left.std().item() < 1.4
        True
    """
    # Images without noise are fitted to a share of their brightness, and blank ones anyhow.
    brightest = images.amax((1, 2))
    least = torch.where(brightest > 0, 1e-4 * brightest, torch.ones(()))
    sky = torch.maximum(sky_noise(images), least)[:, None, None]

    def noise(expected: torch.Tensor) -> torch.Tensor:
        photons = expected.clamp(min=0) / camera.exposure if camera.exposure else 0 * expected
        return (sky**2 + photons).sqrt()

    height, width = images.shape[1:]
    first = SersicModel(height, width, camera.psf_fwhm / _FWHM)
    fit = fit_smooth(first, images, noise(images))
    if galaxy == "free":
        # From afar a free galaxy can be torn to pieces that fit many a lens.
        lens = fit.parameters[:, :LENS]
        fit = fit_smooth(FreeModel(height, width), images, noise(images), lens)
    fitted = fit.images
    # That of the model, for where an image is faint by chance its own would be too small.
    return torch.nan_to_num((images - fitted) / noise(fitted))
