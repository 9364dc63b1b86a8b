"""An array in a file, of which a part is read at a time, and what is wrong with such files.

A header is believed only as far as the size of its file allows, so that a few kilobytes never
become gigabytes of memory.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nas.common.errors import UserError

# Rows are read in blocks of about this size, since compressed files are slow row by row.
_BLOCK_BYTES = 2**22

# An array that must be held in memory as a whole has at most this size.
_MOST_BYTES = 2**30

# Images, even noise-free ones, are compressed tenfold or so; zip bombs a thousandfold.
_MOST_COMPRESSED = 200
_SURELY_HARMLESS_BYTES = 2**26


class UnreadableImageError(Exception):
    """A file cannot be used; the message says why, in words that fit behind the file's name."""


class UnsafePickleError(UserError):
    """The pickle in a file calls something that is not needed for arrays, and was not run."""


@dataclass
class StoredArray:
    """An array in an open file.

    Attributes:
        shape: shape of the array, of one axis or more.
        dtype: type of its values; kind ``U`` for names of any length.
        read: function that returns the rows from one position to another.
        step: number of rows that a file keeps together, and which are read together.

    Example:
        >>> import numpy as np
        >>> from nas.data.formats.stored import StoredArray
        >>> numbers = np.arange(6).reshape(3, 2)
        >>> array = StoredArray(numbers.shape, numbers.dtype, lambda i, j: numbers[i:j])
        >>> array.row(2)
        array([4, 5])
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[int, int], npt.NDArray[Any]]
    step: int = 1
    _block: npt.NDArray[Any] | None = field(default=None, init=False, repr=False)
    _start: int = field(default=0, init=False, repr=False)

    def row(self, position: int) -> npt.NDArray[Any]:
        """Return one row.

        Raises:
            UnreadableImageError: the file is damaged or cut short, or must be read as a whole and
                is very large.
        """
        block = self._block
        if block is None or not self._start <= position < self._start + len(block):
            rows = max(1, _BLOCK_BYTES // max(1, self._row_bytes))
            rows = -(-rows // self.step) * self.step
            self._start = position // rows * rows
            block = self._block = self._rows(self._start, self._start + rows)
        row: npt.NDArray[Any] = block[position - self._start]
        return row

    def whole(self) -> npt.NDArray[Any]:
        """Return the whole array.

        Raises:
            UnreadableImageError: the file is damaged or cut short, or the array is very large.
        """
        return self._rows(0, self.shape[0])

    @property
    def _row_bytes(self) -> int:
        return math.prod(self.shape[1:]) * self.dtype.itemsize

    def _rows(self, start: int, stop: int) -> npt.NDArray[Any]:
        stop = min(stop, self.shape[0])
        if (stop - start) * self._row_bytes > _MOST_BYTES:
            raise UnreadableImageError(
                f"keeps {stop - start} rows of shape {self.shape[1:]} together, too many for memory"
            )
        with damage():
            return self.read(start, stop)


@contextmanager
def damage(reason: str = "is damaged or cut short") -> Iterator[None]:
    """Turn what libraries raise in the ``with`` block into one error, for files can be anything.

    Raises:
        UnreadableImageError: anything was raised that is not a sentence of ours.
    """
    try:
        yield
    except (UnreadableImageError, UserError):
        raise
    except Exception as error:
        raise UnreadableImageError(reason) from error


def check_promise(promised: int, stored: int, *, compressed: bool) -> None:
    """Refuse a header that promises more than its file can hold, before memory is taken for it.

    Args:
        promised: number of bytes of the array, according to its header.
        stored: number of bytes that the file has for it.
        compressed: whether the bytes are compressed.

    Raises:
        UnreadableImageError: the file is cut short, or grows beyond all measure when unpacked.
    """
    if not compressed and promised > stored:
        raise UnreadableImageError("is cut short")
    if promised > max(_SURELY_HARMLESS_BYTES, _MOST_COMPRESSED * stored):
        raise UnreadableImageError(
            f"unpacks {stored:,} bytes to {promised:,}, which no images do: save it uncompressed"
        )
