"""Images and labels that a program holds, written down as a data set.

Searches, trainings and predictions know data sets by their directory, and other processes read
them. So arrays become a packed data set (``packed.py``), whose ``dataset.json`` names the classes.
"""

import errno
import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.artefacts import read_json
from nas.common.errors import UserError
from nas.common.files import make_directory, room_for, write_json
from nas.data.formats.stored import UnreadableImageError
from nas.data.given_labels import name_given_labels, told
from nas.data.layout import Split
from nas.data.options import ImageOptions
from nas.data.packed import METADATA, PARAMETERS
from nas.data.reading import channels_first, shape_first

# Networks of the search spaces take no smaller images.
_LEAST_SIDE = 32


@dataclass(frozen=True)
class GivenArrays:
    """Images of one split, with their labels.

    Attributes:
        images: (N, H, W), (N, C, H, W) or (N, H, W, C) numbers.
        labels: (N,) or (N, 1) whole numbers or class names.
        numbers: what else is known of each image, a row each and a column for each kind of number;
            None where nothing is.
    """

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    numbers: pd.DataFrame | None = None


def write_given(
    splits: Mapping[Split, GivenArrays],
    classes: Sequence[str] | None,
    options: ImageOptions,
    out: Path | None,
) -> Path:
    """Write arrays as a data set, unless that was done before; return its directory.

    Args:
        splits: the arrays of each split; of ``all`` where splits shall be made.
        classes: class names by label; None for those that the labels tell.
        options: how the images are read.
        out: directory to write; None for one in ``data`` that is named after the content.

    Raises:
        UserError: the arrays are no images with labels, or cannot be written.
    """
    shape = _common_shape(
        {name: _image_shape(name, given, options) for name, given in splits.items()}
    )
    height, width = (options.crop, options.crop) if options.crop else shape[1:]
    if min(height, width) < _LEAST_SIDE:
        raise UserError(
            f"images of {height} × {width} pixels are too small for networks: give images of "
            f"{_LEAST_SIDE} or more pixels on a side, or pad them with crop={_LEAST_SIDE}"
        )
    names, numbers = name_given_labels(
        {name: given.labels for name, given in splits.items()},
        classes,
        least=2 if all(given.numbers is None for given in splits.values()) else 1,
    )
    for name, given in splits.items():
        if given.numbers is not None and len(given.numbers) != len(given.images):
            raise UserError(
                f"there are {len(given.images):,} images, but numbers of {len(given.numbers):,}: "
                "give one for each image"
            )
        _require_finite(name, given.images, options)
    content = _content(splits, numbers, names, options)
    description = {"kind": "given", "classes": names, "content": content}
    directory = out or Path("data") / f"arrays-{content[:16]}"
    if not _holds(directory, description):
        _write(directory, splits, numbers, options, description)
    return directory


def _image_shape(name: Split, given: GivenArrays, options: ImageOptions) -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the images of a split, when they are images."""
    images = given.images
    if images.dtype.hasobject:
        raise UserError(
            f"{told(name)}images are an array of objects: give one array of numbers, (N, H, W) or "
            "(N, C, H, W)"
        )
    if images.ndim not in (3, 4) or not images.size:
        raise UserError(
            f"{told(name)}images have shape {images.shape}: give (N, H, W), (N, C, H, W) or "
            "(N, H, W, C)"
        )
    if given.labels.shape[:1] != images.shape[:1]:
        raise UserError(
            f"there are {len(images):,} {told(name)}images, but labels of shape "
            f"{given.labels.shape}: give one label for each image"
        )
    try:
        return shape_first(images.shape[1:], images.dtype, options.channel_axis)
    except UnreadableImageError as error:
        raise UserError(
            f"an image {str(error).replace('--channel-axis', 'channel_axis')}"
        ) from error


def _common_shape(shapes: Mapping[Split, tuple[int, int, int]]) -> tuple[int, int, int]:
    if len(set(shapes.values())) > 1:
        each = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise UserError(f"the splits have images of different shapes ({each}): give one shape")
    return next(iter(shapes.values()))


def _require_finite(name: Split, images: npt.NDArray[Any], options: ImageOptions) -> None:
    if options.fill_nan or images.dtype.kind != "f":
        return
    bad = [number for number, image in enumerate(images) if not np.isfinite(image).all()]
    if bad:
        raise UserError(
            f"{len(bad):,} of {len(images):,} {told(name)}images hold NaN or infinite pixels, the "
            f"first is number {bad[0]}: mend them, or fill few and isolated ones with fill_nan=True"
        )


def _content(
    splits: Mapping[Split, GivenArrays],
    labels: Mapping[Split, npt.NDArray[np.int64]],
    classes: Sequence[str],
    options: ImageOptions,
) -> str:
    """Return a hash of all images, labels and class names."""
    digest = hashlib.sha256(repr(list(classes)).encode())
    for name, given in splits.items():
        digest.update(f"{name} {given.images.dtype} {given.images.shape}".encode())
        digest.update(labels[name].tobytes())
        if given.numbers is not None:
            digest.update(given.numbers.to_csv(index=False).encode())
        for image in given.images:
            pixels = channels_first(image, options.channel_axis)
            digest.update(np.ascontiguousarray(pixels).tobytes())
    return digest.hexdigest()


def _holds(directory: Path, description: Mapping[str, Any]) -> bool:
    """Return whether a directory holds these very arrays.

    Raises:
        UserError: it holds something else.
    """
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return False
    try:
        found = read_json(directory / METADATA)
    except (OSError, ValueError):
        found = None
    if found != description:
        raise UserError(f"{directory} holds something else: give another directory with out")
    return True


def _write(
    directory: Path,
    splits: Mapping[Split, GivenArrays],
    labels: Mapping[Split, npt.NDArray[np.int64]],
    options: ImageOptions,
    description: Mapping[str, Any],
) -> None:
    make_directory(directory.parent)
    with (
        room_for(directory, "call it again"),
        tempfile.TemporaryDirectory(dir=directory.parent, prefix=".arrays.") as name,
    ):
        unfinished = Path(name) / directory.name
        unfinished.mkdir()
        for split, given in splits.items():
            suffix = "" if split == "all" else f"_{split}"
            _write_images(unfinished / f"images{suffix}.npy", given.images, options)
            np.save(unfinished / f"labels{suffix}.npy", labels[split])
            if given.numbers is not None:
                given.numbers.to_parquet(unfinished / PARAMETERS)
        write_json(unfinished / METADATA, description)
        try:
            unfinished.replace(directory)
        except OSError as error:
            # Another process may have written the same arrays meanwhile.
            if error.errno != errno.ENOTEMPTY or not _holds(directory, description):
                raise


def _write_images(path: Path, images: npt.NDArray[Any], options: ImageOptions) -> None:
    """Write images channels first, one after the other, so that no second array is in memory."""
    shape = (len(images), *shape_first(images.shape[1:], images.dtype, options.channel_axis))
    written = np.lib.format.open_memmap(path, mode="w+", dtype=images.dtype, shape=shape)
    for number, image in enumerate(images):
        written[number] = channels_first(image, options.channel_axis)
    written.flush()
