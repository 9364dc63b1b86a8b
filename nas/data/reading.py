"""Reading the one image of a file: an array or a picture."""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from nas.data.formats.npy import npy_header, read_npy
from nas.data.formats.opening import ARRAYS, PICTURES, READABLE, check_file, ending, open_arrays
from nas.data.formats.stored import StoredArray, UnreadableImageError
from nas.data.options import ChannelAxis
from nas.data.words import IMAGE_WORDS, name_words

# Of the arrays in a file so many are named.
_NAMED = 5


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
    check_file(path)
    mass = None
    if ending(path.name) == ".npy":
        array, mass = read_npy(path)
    elif ending(path.name) in PICTURES:
        array = _read_picture(path)
    elif ending(path.name) in ARRAYS:
        with open_arrays(path) as arrays:
            array = pick(arrays).whole()
    else:
        raise UnreadableImageError(f"is none of {READABLE}")
    return RawImage(channels_first(array, channel_axis), mass)


def image_shape(path: Path, channel_axis: ChannelAxis = "auto") -> tuple[int, int, int]:
    """Return the shape (C, H, W) of the image in a file, from its header where that is enough.

    Raises:
        UnreadableImageError: the file is no image, is cut short, or has no channel axis that can be
            told apart.
        UnsafePickleError: the file would run code.
    """
    check_file(path)
    if ending(path.name) == ".npy":
        shape, dtype = npy_header(path)
        if not dtype.hasobject:
            return shape_first(shape, dtype, channel_axis)
    elif ending(path.name) in ARRAYS:
        with open_arrays(path) as arrays:
            stored = pick(arrays)
            return shape_first(stored.shape, stored.dtype, channel_axis)
    return _shape3(read_image(path, channel_axis).pixels)


def shape_first(
    shape: tuple[int, ...], dtype: np.dtype[Any], channel_axis: ChannelAxis
) -> tuple[int, int, int]:
    """Return the shape (C, H, W) that ``channels_first`` gives an array of this shape and type.

    Raises:
        UnreadableImageError: see ``channels_first``.
    """
    # A view with no memory behind it goes through the same rules as a real image.
    return _shape3(channels_first(np.broadcast_to(np.zeros((), dtype), shape), channel_axis))


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


def find_image(shapes: Mapping[str, tuple[int, ...]]) -> str | None:
    """Return the name of the one image among the arrays of a file.

    It is the only array of two or more axes, or the only one that is called an image.

    Args:
        shapes: shapes of the arrays by name.

    Returns:
        None where there is no image, or no telling which array it is.

    Example:
        >>> from nas.data.reading import find_image
        >>> find_image({"image": (64, 64), "mask": (64, 64), "redshift": (1,)})
        'image'
    """
    images = [name for name, shape in shapes.items() if len(shape) > 1]
    if len(images) > 1:
        images = [name for name in images if IMAGE_WORDS.issuperset(name_words(name))]
    return images[0] if len(images) == 1 else None


def pick(arrays: Mapping[str, StoredArray], name: str = "") -> StoredArray:
    """Return the array of a file that is meant.

    Args:
        arrays: arrays of the file by name.
        name: name of the array; an empty one stands for the only array, or the one image.

    Raises:
        UnreadableImageError: there is no such array, or no telling which one is meant.
    """
    if name:
        return arrays[name]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    shapes = {name: array.shape for name, array in arrays.items()}
    if (image := find_image(shapes)) is not None:
        return arrays[image]
    raise UnreadableImageError(_what_else(shapes))


def _what_else(shapes: Mapping[str, tuple[int, ...]]) -> str:
    if not shapes:
        return "holds no image"
    names = list(shapes)
    more = ", …" if len(names) > _NAMED else ""
    return f"holds {len(names)} arrays ({', '.join(names[:_NAMED])}{more}) and none is called image"


def _shape3(array: npt.NDArray[Any]) -> tuple[int, int, int]:
    channels, height, width = array.shape
    return channels, height, width


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
