"""Files of ``numpy.savez``: zip archives of .npy files, each read as a stream."""

import io
import math
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import numpy as np
import numpy.typing as npt

from nas.data.formats.npy import read_header
from nas.data.formats.stored import StoredArray, UnreadableImageError, check_promise

# numpy refuses longer headers, but reads them first.
_MOST_HEADER_BYTES = 2**14


def npz_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the arrays of numbers and names in an archive.

    Args:
        path: file to open.
        held: what keeps the file open.

    Raises:
        UnreadableImageError: an array is cut short, or grows beyond all measure.
    """
    archive = held.enter_context(ZipFile(path))
    found = {
        info.filename.removesuffix(".npy"): _stored(archive, info)
        for info in archive.infolist()
        if info.filename.endswith(".npy")
    }
    return {name: array for name, array in found.items() if array is not None}


def _stored(archive: ZipFile, info: ZipInfo) -> StoredArray | None:
    with archive.open(info) as file:
        start = io.BytesIO(file.read(_MOST_HEADER_BYTES))
    shape, columns_first, dtype = read_header(start)
    if dtype.hasobject or not shape:
        return None
    promised = start.tell() + math.prod(shape) * dtype.itemsize
    check_promise(promised, info.file_size, compressed=False)
    check_promise(promised, info.compress_size, compressed=info.compress_type != ZIP_STORED)
    if not columns_first:
        return StoredArray(shape, dtype, _Member(archive, info, start.tell(), shape, dtype).read)
    # The rows of such an array are not beside each other in the file, but those of its transpose.
    transpose = _Member(archive, info, start.tell(), shape[::-1], dtype)
    return StoredArray(
        shape, dtype, lambda i, j: transpose.read(0, shape[-1]).T[i:j], step=shape[0]
    )


class _Member:
    """The rows of an array in an archive, which is unpacked from its beginning to its end.

    Rows are wanted in rising order, so the stream is followed and seldom opened again.
    """

    def __init__(
        self,
        archive: ZipFile,
        info: ZipInfo,
        header: int,
        shape: tuple[int, ...],
        dtype: np.dtype[Any],
    ) -> None:
        self._archive, self._info, self._header = archive, info, header
        self._row, self._dtype = shape[1:], dtype
        self._stream: IO[bytes] | None = None
        self._next = 0

    def read(self, start: int, stop: int) -> npt.NDArray[Any]:
        size = math.prod(self._row) * self._dtype.itemsize
        if self._stream is None or start < self._next:
            self._stream, self._next = self._archive.open(self._info), 0
            _skip(self._stream, self._header)
        _skip(self._stream, (start - self._next) * size)
        data = self._stream.read((stop - start) * size)
        self._next = stop
        if len(data) < (stop - start) * size:
            raise UnreadableImageError("is cut short")
        return np.frombuffer(data, self._dtype).reshape(stop - start, *self._row)


def _skip(stream: IO[bytes], count: int) -> None:
    """Read over bytes, in pieces that memory does not notice."""
    while count > 0 and (piece := stream.read(min(count, 2**20))):
        count -= len(piece)
