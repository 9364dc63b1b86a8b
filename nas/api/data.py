"""Data sets: simulated, opened from a directory, or made of arrays."""

from collections.abc import Mapping, Sequence, Sized
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch.utils.data import Dataset, IterableDataset

from nas.api.keywords import refuse_arrays, settings_from, shows_settings
from nas.common.errors import UserError
from nas.data.command import simulate_data
from nas.data.dataset import LensDataset, open_dataset
from nas.data.given import GivenArrays, write_given
from nas.data.layout import Split
from nas.data.options import ImageOptions, ReadOptions
from nas.data.settings import SimulateSettings


@shows_settings(SimulateSettings)
def simulate(**settings: Any) -> LensDataset:
    """Simulate a data set, as ``python -m nas.data simulate`` does, and open it.

    Where the data set is there already it is only opened; one that was begun goes on.

    Args:
        settings: fields of :class:`~nas.data.settings.SimulateSettings`.

    Raises:
        UserError: a setting cannot be used, or the directory holds something else.

    Example:
        >>> from nas import api
        >>> api.simulate(images=6, image_size=40, workers=1, out="data/few")
        LensDataset(data/few: 6 images of 1 × 40 × 40, no_substructure 2, subhalo 2, vortex 2)
    """
    simulated = settings_from(SimulateSettings, settings)
    simulate_data(simulated)
    return open_dataset(simulated.out)


@shows_settings(ReadOptions)
def open_data(directory: Path | str, **options: Any) -> LensDataset:
    """Open a data directory of any known layout.

    Args:
        directory: the data directory.
        options: fields of :class:`~nas.data.ReadOptions`, where the automatic answer is wrong.

    Raises:
        UserError: the directory is no data set, or an option cannot be used.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> from nas import api
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(f"{directory}/images.npy", np.random.default_rng(0).random((6, 40, 40)))
        ...     np.save(f"{directory}/labels.npy", ["lens", "nonlens"] * 3)
        ...     data = api.open_data(directory, crop=32)
        >>> data.counts.loc["lens", "all"], data.images.shape
        (np.int64(3), (6, 1, 32, 32))
    """
    refuse_arrays(directory)
    return open_dataset(directory, settings_from(ReadOptions, options))


ImagesLike = npt.ArrayLike | torch.Tensor | Dataset[Any]
"""Images (N, H, W), (N, C, H, W) or (N, H, W, C), or a torch ``Dataset`` of images and labels."""

LabelsLike = npt.ArrayLike | torch.Tensor | None
"""One whole number or class name for each image; None for a torch ``Dataset``, which has them."""


@shows_settings(ImageOptions)
def from_arrays(
    images: ImagesLike,
    labels: LabelsLike = None,
    *,
    classes: Sequence[str] | None = None,
    val: tuple[ImagesLike, LabelsLike] | Dataset[Any] | None = None,
    test: tuple[ImagesLike, LabelsLike] | Dataset[Any] | None = None,
    numbers: Mapping[str, npt.ArrayLike] | None = None,
    out: Path | str | None = None,
    **options: Any,
) -> LensDataset:
    """Make a data set of arrays, of NumPy or torch, with any number of channels.

    The arrays are written into a directory that is named after their content, so that searches,
    later sessions and other processes know the data set, and equal arrays are written once.

    Args:
        images: images to learn from, or a torch ``Dataset`` of images and labels.
        labels: their labels; whole numbers count from 0 in the order of ``classes``.
        classes: class names in label order; by default those that the labels tell.
        val: images and labels that choose; by default a share of ``images``.
        test: images and labels that report; by default a share of ``images``.
        numbers: numbers of each image by name, which ``task="regression", target=NAME`` learns, NaN
            where one is not known; labels may then be left out, and ``val`` and ``test`` must be.
        out: directory to write; by default one in ``data``.
        options: fields of :class:`~nas.data.ImageOptions`, such as ``channel_axis`` and
            ``fill_nan``.

    Raises:
        UserError: the arrays are no images with labels; the sentence says why.

    Example:
        >>> import numpy as np
        >>> from nas import api
        >>> images = np.random.default_rng(0).random((60, 3, 32, 32), dtype=np.float32)
        >>> labels = np.arange(60) % 2
        >>> api.from_arrays(images, labels, classes=["spiral", "merger"], out="data/galaxies")
        LensDataset(data/galaxies: 60 images of 3 × 32 × 32, spiral 30, merger 30)
        >>> radii = {"radius": np.linspace(0.8, 1.6, 60)}
        >>> api.from_arrays(images, numbers=radii, out="data/radii").parameters["radius"].max()
        np.float64(1.6)
    """
    read_as = settings_from(ImageOptions, options)
    splits: dict[Split, GivenArrays] = {}
    layout = "auto"
    if numbers is not None:
        if val is not None or test is not None:
            raise UserError("numbers go with all images: leave val and test out, or numbers")
        if labels is None and not isinstance(images, Dataset):
            labels, layout = np.zeros(len(_array(images, "images")), np.int64), "unlabelled"
    splits["all" if val is None and test is None else "train"] = _given(images, labels, numbers)
    given: dict[Split, Any] = {"val": val, "test": test}
    for name, part in given.items():
        if part is not None:
            pair = (part, None) if isinstance(part, Dataset) else _two(part, name)
            splits[name] = _given(*pair)
    directory = write_given(splits, classes, read_as, None if out is None else Path(out))
    return open_dataset(directory, ReadOptions(**vars(read_as), layout=layout))


def _given(
    images: ImagesLike, labels: LabelsLike, numbers: Mapping[str, npt.ArrayLike] | None = None
) -> GivenArrays:
    if isinstance(images, Dataset):
        if labels is not None:
            raise UserError("a torch Dataset has labels of its own: leave labels out")
        images, labels = _collected(images)
    if labels is None:
        raise UserError("labels are missing: give one for each image")
    return GivenArrays(
        _array(images, "images"),
        _array(labels, "labels"),
        None if numbers is None else _table(numbers),
    )


def _table(numbers: Mapping[str, npt.ArrayLike]) -> pd.DataFrame:
    try:
        return pd.DataFrame({name: np.asarray(values, float) for name, values in numbers.items()})
    except (TypeError, ValueError) as error:
        raise UserError(
            f"numbers cannot be used ({error}): give a name and one number for each image"
        ) from error


def _collected(dataset: Dataset[Any]) -> tuple[list[npt.NDArray[Any]], list[npt.NDArray[Any]]]:
    """Return the images and the labels of a torch ``Dataset``, as they are there."""
    if isinstance(dataset, IterableDataset) or not isinstance(dataset, Sized):
        raise UserError(
            f"{type(dataset).__name__} does not say how many images it has: give a torch Dataset "
            "with a length, or arrays"
        )
    pairs = [_two(dataset[n], f"item {n} of the Dataset") for n in range(len(dataset))]
    return (
        [_array(image, "images") for image, _ in pairs],
        [_array(label, "labels") for _, label in pairs],
    )


def _two(given: Any, what: str) -> tuple[Any, Any]:
    if not isinstance(given, tuple | list) or len(given) != 2:
        raise UserError(f"{what} is no pair: give images and labels, and nothing else")
    return given[0], given[1]


def _array(values: Any, what: str) -> npt.NDArray[Any]:
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu()
        values = values.float() if values.dtype is torch.bfloat16 else values  # NumPy has none
    try:
        array: npt.NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise UserError(
            f"{what} have different shapes: give one array of them, or a directory of files"
        ) from error
    return array
