"""Files of ``torch.save``, of which only tensors are read, and lists and dictionaries of them."""

import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile, is_zipfile

import numpy.typing as npt

from nas.data.formats.stored import (
    StoredArray,
    UnreadableImageError,
    UnsafePickleError,
    check_promise,
)


def pt_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the tensors in a file by their keys and positions; one tensor alone has no name.

    Raises:
        UnreadableImageError: the file is damaged, or of torch before 1.6.
        UnsafePickleError: the file holds something other than tensors, which was not made.
    """
    import torch

    _require_plain_archive(path)
    try:
        value = torch.load(path, map_location="cpu", mmap=True, weights_only=True)
    except pickle.UnpicklingError as error:
        raise UnsafePickleError(
            f"{path} holds more than tensors and was not opened: save images and labels as "
            "tensors, or remove it unless you know who made it"
        ) from error
    tensors = _tensors(value, "", set())
    found = {name.removeprefix("/"): _stored(tensor) for name, tensor in tensors}
    return {name: array for name, array in found.items() if array is not None}


def _require_plain_archive(path: Path) -> None:
    """Refuse archives that torch does not write: former ones, and compressed ones."""
    if not is_zipfile(path):
        raise UnreadableImageError(
            "is damaged, or of torch before 1.6: save it again with a newer version"
        )
    with ZipFile(path) as archive:
        if any(info.compress_type != ZIP_STORED for info in archive.infolist()):
            raise UnreadableImageError("is compressed, as torch.save compresses no file")


def _tensors(value: Any, name: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Yield tensors with their names; what contains itself is entered once."""
    import torch

    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict | list | tuple) and id(value) not in seen:
        seen.add(id(value))
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in items:
            yield from _tensors(item, f"{name}/{key}", seen)


def _stored(tensor: Any) -> StoredArray | None:
    import torch

    if tensor.ndim == 0 or tensor.layout is not torch.strided or tensor.is_quantized:
        return None
    # Strides of a forged tensor can repeat one number for ever.
    promised = tensor.numel() * tensor.element_size()
    check_promise(promised, tensor.untyped_storage().nbytes(), compressed=False)

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        rows = tensor[start:stop].detach()
        # numpy lacks this one type.
        array: npt.NDArray[Any] = (rows.float() if rows.dtype is torch.bfloat16 else rows).numpy()
        return array

    return StoredArray(tuple(tensor.shape), read(0, 0).dtype, read)
