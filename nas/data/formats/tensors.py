"""Files of safetensors."""

import math
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nas.data.formats.stored import StoredArray

# Numbers that numpy knows, by their names in the file.
_TYPES = {
    "BOOL": "bool",
    "U8": "u1",
    "I8": "i1",
    "U16": "u2",
    "I16": "i2",
    "F16": "f2",
    "U32": "u4",
    "I32": "i4",
    "F32": "f4",
    "U64": "u8",
    "I64": "i8",
    "F64": "f8",
}


def safetensors_arrays(path: Path, held: ExitStack) -> dict[str, StoredArray]:
    """Return the tensors of numbers in a file by their names.

    Args:
        path: file to open.
        held: what keeps the file open.
    """
    from safetensors import safe_open

    file = held.enter_context(safe_open(path, framework="numpy"))
    slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is no dict
    return {name: array for name, one in slices.items() if (array := _stored(one)) is not None}


def _stored(tensor: Any) -> StoredArray | None:
    shape, kind = tuple(tensor.get_shape()), _TYPES.get(tensor.get_dtype())
    if not shape or not math.prod(shape) or kind is None:
        return None

    def read(start: int, stop: int) -> npt.NDArray[Any]:
        return np.asarray(tensor[start:stop])

    return StoredArray(shape, np.dtype(kind), read)
