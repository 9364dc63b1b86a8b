"""Files of ``numpy.save``, and the pickled pairs [image, axion mass] among them.

A pickle that asks for anything but arrays and scalars of numpy is refused before it runs
(``nas.data.unpickling``).
"""

import math
import os
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from nas.data.formats.stored import StoredArray, UnreadableImageError, UnsafePickleError
from nas.data.unpickling import RefusedError, load_array


def npy_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the array in a file, without a name; none where the file is a pickle.

    Raises:
        UnreadableImageError: the file is no numpy file.
    """
    with path.open("rb") as file:
        shape, _, dtype = read_header(file)
    if dtype.hasobject or not shape:
        return {}

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        npy_header(path)
        mapped: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
        return mapped[start:stop]

    return {"": StoredArray(shape, dtype, read)}


def npy_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type in the header of a .npy file.

    Raises:
        UnreadableImageError: the file is no numpy file, or is cut short.
    """
    with path.open("rb") as file:
        shape, _, dtype = read_header(file)
        _require_whole(file, shape, dtype)
    return shape, dtype


def read_npy(path: Path) -> tuple[npt.NDArray[Any], float | None]:
    """Return the image in a .npy file, and the axion's mass where the file carries it.

    Raises:
        UnreadableImageError: the file is no image, or is cut short.
        UnsafePickleError: the file would run code.
    """
    with path.open("rb") as file:
        shape, _, dtype = read_header(file)
        _require_whole(file, shape, dtype)
        if dtype.hasobject:
            return _image_and_mass(_load_pickle(file, path))
        file.seek(0)
        return np.load(file, allow_pickle=False), None


def read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return the header of an open .npy file: shape, whether columns come first, and type.

    Raises:
        UnreadableImageError: the file is no numpy file, or is cut short.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, columns_first, dtype = read(file)
    except Exception as error:  # numpy parses the header as Python, which can fail in many ways.
        raise UnreadableImageError("is not a numpy file, or is cut short") from error
    if any(type(side) is not int or side < 0 for side in shape):
        raise UnreadableImageError(f"has shape {shape}, which is not an array's")
    return shape, columns_first, dtype


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
