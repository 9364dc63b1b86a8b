"""FITS files, whose first image is read: that of the primary unit, or of the first extension."""

import gzip
import io
import math
import warnings
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from nas.data.formats.stored import StoredArray, UnreadableImageError, check_promise

# A cutout has some kilobytes. What is larger is unpacked by its owner, and read in parts.
_MOST_UNPACKED_BYTES = 2**28

_MAGIC = b"SIMPLE  ="


def fits_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the first image in a file, without a name; none where there are only tables.

    Args:
        path: file to open.
        held: what keeps the file open.

    Raises:
        UnreadableImageError: the file is no FITS file, is cut short, or grows beyond all measure.
    """
    from astropy.io import fits

    file: IO[bytes] = held.enter_context(path.open("rb"))
    if path.suffix.lower() == ".gz":
        file = _unpacked(file)
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    # astropy would unpack by itself what begins like an archive, however large.
    if file.read(len(_MAGIC)) != _MAGIC:
        raise UnreadableImageError("is not a FITS file")
    file.seek(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Headers that are not quite right are the rule.
        units = held.enter_context(fits.open(file, memmap=False))
        for unit in units:
            if unit.is_image and len(unit.shape) > 1:
                return {"": _stored(unit, size)}
    return {}


def _unpacked(file: IO[bytes]) -> io.BytesIO:
    with gzip.open(file) as stream:
        data = stream.read(_MOST_UNPACKED_BYTES + 1)
    if len(data) > _MOST_UNPACKED_BYTES:
        raise UnreadableImageError("is too large to be unpacked each time: unpack it with gunzip")
    return io.BytesIO(data)


def _stored(unit: Any, size: int) -> StoredArray:
    from astropy.io import fits

    promised = math.prod(unit.shape) * abs(unit.header["BITPIX"]) // 8
    check_promise(promised, size, compressed=isinstance(unit, fits.CompImageHDU))
    # Radio images have axes of one polarisation and one frequency.
    thin = 0
    while len(unit.shape) - thin > 2 and unit.shape[thin] == 1:
        thin += 1

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = np.asarray(unit.section[(*[0] * thin, slice(start, stop))])
        return rows.astype(rows.dtype.newbyteorder("="), copy=False)

    return StoredArray(unit.shape[thin:], np.dtype(np.float64), read)
