"""HDF5 files, of which only what lies in the file itself is read.

Links to other files, arrays whose values are elsewhere, and types that need more than numbers or
names are passed over.
"""

import math
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nas.data.formats.stored import StoredArray, UnreadableImageError, check_promise


def hdf5_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the arrays of numbers and names in a file, by their path in it.

    Args:
        path: file to open.
        held: what keeps the file open.

    Raises:
        UnreadableImageError: an array is not whole, keeps its values in other files, or grows
            beyond all measure.
    """
    import h5py

    # Nobody writes to the data, and file systems that are read-only know no locks.
    file = held.enter_context(h5py.File(path, "r", locking=False))
    return dict(_arrays(file, "", set()))


def _arrays(group: Any, prefix: str, seen: set[int]) -> Iterator[tuple[str, StoredArray]]:
    """Yield the arrays below a group with their paths; what contains itself is entered once."""
    import h5py

    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        return
    seen.add(address)
    for name in group:
        # Soft links name what is found anyway; others name files anywhere on this machine.
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            continue
        kind = group.get(name, getclass=True)
        if kind is h5py.Group:
            yield from _arrays(group[name], f"{prefix}{name}/", seen)
        elif kind is h5py.Dataset and (array := _stored(group[name])) is not None:
            yield f"{prefix}{name}", array


def _stored(dataset: Any) -> StoredArray | None:
    import h5py

    if not dataset.shape:
        return None
    if dataset.external or dataset.is_virtual:
        raise UnreadableImageError("keeps images in other files, which are not opened")
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return StoredArray(
            dataset.shape, np.dtype("U1"), lambda i, j: dataset.asstr()[i:j].astype(str)
        )
    if dataset.dtype.hasobject:
        return None
    _require_whole(dataset)
    step = dataset.chunks[0] if dataset.chunks else 1

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        return np.asarray(dataset[start:stop])

    return StoredArray(dataset.shape, dataset.dtype, read, step)


def _require_whole(dataset: Any) -> None:
    """Refuse an array that was not written to its end; HDF5 would return zeros for the rest."""
    promised = math.prod(dataset.shape) * dataset.dtype.itemsize
    stored = dataset.id.get_storage_size()
    if dataset.chunks:
        pairs = zip(dataset.shape, dataset.chunks, strict=True)
        if dataset.id.get_num_chunks() < math.prod(-(-side // chunk) for side, chunk in pairs):
            raise UnreadableImageError("is cut short")
    check_promise(promised, stored, compressed=dataset.chunks is not None)
