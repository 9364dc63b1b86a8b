"""Which files hold arrays or pictures, by their endings, and opening those with arrays."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nas.data.formats.fits import fits_arrays
from nas.data.formats.hdf5 import hdf5_arrays
from nas.data.formats.npy import npy_arrays
from nas.data.formats.npz import npz_arrays
from nas.data.formats.pt import pt_arrays
from nas.data.formats.stored import StoredArray, UnreadableImageError, damage
from nas.data.formats.tensors import safetensors_arrays

_READERS: dict[str, Callable[[Path, ExitStack], dict[str, StoredArray]]] = {
    ".npy": npy_arrays,
    ".npz": npz_arrays,
    ".h5": hdf5_arrays,
    ".hdf5": hdf5_arrays,
    ".pt": pt_arrays,
    ".pth": pt_arrays,
    ".safetensors": safetensors_arrays,
    ".fits": fits_arrays,
    ".fits.gz": fits_arrays,
    ".fit": fits_arrays,
    ".fts": fits_arrays,
    ".fz": fits_arrays,
}

ARRAYS = frozenset(_READERS)
"""Endings of files that hold arrays."""

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"})
"""Endings of pictures."""

READABLE = "arrays (.npy, .npz, .h5, .pt, .safetensors, .fits) or pictures (.png, .jpg, .tif, .bmp)"
"""All that can be read, in words."""


def ending(path: str) -> str:
    """Return the ending of a file name in small letters, which has two parts for ``.fits.gz``.

    Example:
        >>> ending("cutouts/J0946.FITS.gz"), ending("README")
        ('.fits.gz', '')
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes[-2:]]
    return "".join(suffixes) if suffixes[1:] == [".gz"] else "".join(suffixes[-1:])


@contextmanager
def open_arrays(path: Path) -> Iterator[dict[str, StoredArray]]:
    """Open a file for the length of a ``with`` block, and yield the arrays in it by their names.

    Args:
        path: file whose ending is one of ``ARRAYS``.

    Raises:
        UnreadableImageError: the file is damaged, or promises more than it can hold.
        UnsafePickleError: the file would run code.
        OSError: the file cannot be read at all.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     path = Path(directory, "lenses.npz")
        ...     np.savez(path, images=np.zeros((5, 8, 8)), labels=np.arange(5))
        ...     with open_arrays(path) as arrays:
        ...         {name: array.shape for name, array in arrays.items()}
        {'images': (5, 8, 8), 'labels': (5,)}
    """
    check_file(path)
    path.open("rb").close()  # Libraries tell no missing permission from damage.
    with ExitStack() as held:
        with damage():
            arrays = _READERS[ending(path.name)](path, held)
        yield arrays


def check_file(path: Path) -> None:
    """Check that there is something to read.

    Raises:
        UnreadableImageError: the path is no file, or the file is empty.
    """
    if not path.is_file():
        raise UnreadableImageError("is no file, or a link to nothing")
    if path.stat().st_size == 0:
        raise UnreadableImageError("is empty (0 bytes)")
