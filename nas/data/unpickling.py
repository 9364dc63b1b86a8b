"""Reading pickled numpy arrays without running anything that a file could choose.

Pickles name functions for the reader to call, and numpy's functions are no safer than others: the
state of a crafted ``dtype`` makes ``ndarray.__setstate__`` follow pointers that stand in the file.
So no function of numpy is called either. Every name that numpy's pickles use stands here for a
small class or function of ours, which takes numbers and lists only.
"""

import pickle
from collections.abc import Callable
from typing import IO, Any

import numpy as np
import numpy.typing as npt

_KINDS = "biufO"


class RefusedError(Exception):
    """The pickle names something other than numpy's arrays and scalars.

    The message is the name.
    """


def load_array(file: IO[bytes]) -> npt.NDArray[Any]:
    """Rebuild the array that ``numpy.save`` pickled into a file.

    Args:
        file: file that stands at the beginning of the pickle.

    Raises:
        RefusedError: the pickle names something other than arrays and scalars; nothing that it
            names was called.
        ValueError: the pickle is damaged, or is not an array.
    """
    try:
        value = _plain(_ArrayUnpickler(file).load())
    except RefusedError:
        raise
    except Exception as error:  # A damaged pickle can raise anything.
        raise ValueError("damaged pickle") from error
    if not isinstance(value, np.ndarray):
        raise ValueError(f"pickle of {type(value).__name__}")
    return value


class _Type:
    """A stand-in for ``numpy.dtype`` that knows numbers and objects, but no fields or subarrays."""

    def __init__(self, code: str, *_: object) -> None:
        self.value = np.dtype(str(code))
        if self.value.kind not in _KINDS or self.value.names is not None:
            raise ValueError(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order, subarray, names, fields = state[1:5]
        if not (subarray is names is fields is None):
            raise ValueError(state)
        if order in ("<", ">"):
            self.value = self.value.newbyteorder(order)


class _Array:
    """A stand-in for ``numpy.ndarray`` that is filled with bytes (numbers) or a list (objects)."""

    def __init__(self) -> None:
        self.value: npt.NDArray[Any] = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, fortran, data = state
        self.fill(data, kind, shape, "F" if fortran else "C")

    def fill(self, data: Any, kind: _Type, shape: tuple[int, ...], order: str) -> None:
        if kind.value.hasobject:
            flat = np.empty(len(data), dtype=object)
            for position, item in enumerate(data):
                flat[position] = _plain(item)
        else:
            flat = np.frombuffer(_encode(data), kind.value)
        self.value = flat.reshape(shape, order="F" if order == "F" else "C")


def _plain(value: object) -> Any:
    return value.value if isinstance(value, _Array) else value


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _scalar(kind: _Type, data: Any) -> Any:
    if kind.value.hasobject:
        raise ValueError("an object is no scalar")
    (value,) = np.frombuffer(_encode(data), kind.value)
    return value


def _frombuffer(data: Any, kind: _Type, shape: tuple[int, ...], order: str) -> _Array:
    array = _Array()
    array.fill(data, kind, shape, order)
    return array


def _encode(data: Any, *_: object) -> bytes:
    """Return the bytes; old protocols write them as text in Latin-1 (``_codecs.encode``)."""
    return data.encode("latin1") if isinstance(data, str) else bytes(memoryview(data))


# The core of numpy moved from `numpy.core` to `numpy._core` in version 2.
_STAND_INS: dict[tuple[str, str], Callable[..., Any]] = {
    ("numpy", "dtype"): _Type,
    ("numpy", "ndarray"): _Array,
    ("_codecs", "encode"): _encode,
}
for _core in ("numpy.core", "numpy._core"):
    _STAND_INS[f"{_core}.multiarray", "_reconstruct"] = _reconstruct
    _STAND_INS[f"{_core}.multiarray", "scalar"] = _scalar
    _STAND_INS[f"{_core}.numeric", "_frombuffer"] = _frombuffer


class _ArrayUnpickler(pickle.Unpickler):
    """An unpickler that knows the names in numpy's pickles and refuses all others."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise RefusedError(f"{module}.{name}") from None
