"""Reading one image file: numpy files, DeepLense's pickled axion files, and pictures.

A pickle that asks for anything but arrays and scalars of numpy is refused before it runs
(``nas.data.unpickling``).
"""

import math
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from nas.common.errors import UserError
from nas.data.options import ChannelAxis
from nas.data.unpickling import RefusedError, load_array

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
SUFFIXES = PICTURES | {".npy"}


class UnreadableImageError(Exception):
    """A file cannot be used; the message says why, in words that fit behind the file's name."""


class UnsafePickleError(UserError):
    """The pickle in a file calls something that is not numpy's reconstruction, and was not run."""


@dataclass(frozen=True)
class RawImage:
    """An image as it stands on disk, channels first.

    Attributes:
        pixels: pixels of the image, (C, H, W), in the file's own numeric type.
        axion_mass: mass of the axion in eV, where the file carries it (DeepLense's axion files);
            otherwise None.
    """

    pixels: npt.NDArray[Any]
    axion_mass: float | None = None


def read_image(path: Path, channel_axis: ChannelAxis = "auto") -> RawImage:
    """Read the image in a file.

    Args:
        path: file to read.
        channel_axis: where the channels of a three-dimensional array are.

    Raises:
        UnreadableImageError: the file is no image, is cut short, or has no channel axis that can be
            told apart.
        UnsafePickleError: the file would run code.
    """
    _check_file(path)
    if path.suffix.lower() == ".npy":
        array, mass = _read_npy(path)
    elif path.suffix.lower() in PICTURES:
        array, mass = _read_picture(path), None
    else:
        raise UnreadableImageError("is neither .npy nor a picture (.png, .jpg, .tif, .bmp)")
    return RawImage(channels_first(array, channel_axis), mass)


def image_shape(path: Path, channel_axis: ChannelAxis = "auto") -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the image in a file, from its header where that is enough.

    Raises:
        UnreadableImageError: the file is no image, is cut short, or has no channel axis that can be
            told apart.
        UnsafePickleError: the file would run code.
    """
    _check_file(path)
    if path.suffix.lower() == ".npy":
        with path.open("rb") as file:
            shape, dtype = _read_header(file)
            _require_whole(file, shape, dtype)
        if not dtype.hasobject:
            # A view with no memory behind it goes through the same rules as a real image.
            return _shape3(
                channels_first(np.broadcast_to(np.zeros((), dtype), shape), channel_axis)
            )
    return _shape3(read_image(path, channel_axis).pixels)


def npy_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type in the header of a .npy file.

    Raises:
        UnreadableImageError: the file is no numpy file, or is cut short.
    """
    _check_file(path)
    with path.open("rb") as file:
        return _read_header(file)


def channels_first(array: npt.NDArray[Any], channel_axis: ChannelAxis) -> npt.NDArray[Any]:
    """Return a view of shape (C, H, W) of an (H, W), (C, H, W) or (H, W, C) array.

    With ``auto`` the channel axis is the first or the last axis, whichever is shorter than both
    others.

    Raises:
        UnreadableImageError: the array holds no numbers, has the shape of no image, or has no
            channel axis that can be told apart.
    """
    if array.dtype.kind not in "iuf":
        raise UnreadableImageError(f"holds values of type {array.dtype}, not numbers")
    if array.ndim == 2 and array.size:
        return array[np.newaxis]
    if array.ndim != 3 or not array.size:
        raise UnreadableImageError(f"has shape {array.shape}, which is not an image's")
    if channel_axis == "first" or (
        channel_axis == "auto" and array.shape[0] < min(array.shape[1:])
    ):
        return array
    if channel_axis == "last" or array.shape[2] < min(array.shape[:2]):
        return np.moveaxis(array, 2, 0)
    raise UnreadableImageError(
        f"has shape {array.shape}: say with --channel-axis where its channels are"
    )


def _shape3(array: npt.NDArray[Any]) -> tuple[int, int, int]:
    channels, height, width = array.shape
    return channels, height, width


def _check_file(path: Path) -> None:
    if not path.is_file():
        raise UnreadableImageError("is no file, or a link to nothing")
    if path.stat().st_size == 0:
        raise UnreadableImageError("is empty (0 bytes)")


def _read_npy(path: Path) -> tuple[npt.NDArray[Any], float | None]:
    with path.open("rb") as file:
        shape, dtype = _read_header(file)
        _require_whole(file, shape, dtype)
        if dtype.hasobject:
            return _image_and_mass(_load_pickle(file, path))
        file.seek(0)
        return np.load(file, allow_pickle=False), None


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    except Exception as error:  # numpy parses the header as Python, which can fail in many ways.
        raise UnreadableImageError("is not a numpy file, or is cut short") from error
    if any(type(side) is not int or side < 0 for side in shape):
        raise UnreadableImageError(f"has shape {shape}, which is not an array's")
    return shape, dtype


def _require_whole(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse a file that is shorter than its header promises, before memory is taken for it."""
    if (
        not dtype.hasobject
        and file.tell() + math.prod(shape) * dtype.itemsize > os.fstat(file.fileno()).st_size
    ):
        raise UnreadableImageError("is cut short")


def _load_pickle(file: IO[bytes], path: Path) -> npt.NDArray[Any]:
    try:
        return load_array(file)
    except RefusedError as error:
        raise UnsafePickleError(
            f"{path} is a pickle that calls {error} and was not opened: remove it unless you know "
            "who made it"
        ) from error
    except ValueError as error:
        raise UnreadableImageError(f"holds a {error}") from error


def _image_and_mass(value: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], float]:
    """Unpack ``np.array([image, mass_eV], dtype=object)``, which DeepLense's axion files hold."""
    problem = UnreadableImageError("is an object array but not [image, axion mass]")
    if value.shape != (2,):
        raise problem
    image, mass = value
    if (
        not isinstance(image, np.ndarray)
        or image.ndim < 2
        or image.dtype.hasobject
        or np.ndim(mass) != 0
    ):
        raise problem
    try:
        return image, float(mass)
    except (TypeError, ValueError, OverflowError) as error:
        raise problem from error


def _read_picture(path: Path) -> npt.NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(path) as picture:
                colour = picture.mode in {"RGB", "RGBA", "CMYK", "YCbCr"}
                numeric = picture.mode in {"L", "F"} or picture.mode.startswith("I")
                return np.asarray(picture if numeric else picture.convert("RGB" if colour else "L"))
    except Exception as error:  # A damaged picture can raise anything.
        raise UnreadableImageError("is not a picture that can be read, or is cut short") from error
