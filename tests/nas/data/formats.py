"""Files of arrays, written as people write them."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import torch
from astropy.io import fits
from safetensors.numpy import save_file

Write = Callable[[Path, dict[str, np.ndarray]], None]


def npy(path: Path, arrays: dict[str, np.ndarray]) -> None:
    (array,) = arrays.values()
    np.save(path, array)


def npz(path: Path, arrays: dict[str, np.ndarray]) -> None:
    np.savez_compressed(path, **arrays)  # type: ignore[arg-type]


def hdf5(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            big = array.ndim > 2
            file.create_dataset(name, data=array, chunks=True if big else None)


def pt(path: Path, arrays: dict[str, np.ndarray]) -> None:
    tensors = {name: torch.from_numpy(array.copy()) for name, array in arrays.items()}
    torch.save(tensors if len(tensors) > 1 else next(iter(tensors.values())), path)


def safetensors(path: Path, arrays: dict[str, np.ndarray]) -> None:
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path)


def fits_file(path: Path, arrays: dict[str, np.ndarray]) -> None:
    (array,) = arrays.values()
    fits.PrimaryHDU(array).writeto(path)


MANY: dict[str, Write] = {
    ".npz": npz,
    ".h5": hdf5,
    ".hdf5": hdf5,
    ".pt": pt,
    ".pth": pt,
    ".safetensors": safetensors,
}
"""Writers of files that can hold several arrays, by ending."""

ALL: dict[str, Write] = {".npy": npy, ".fits": fits_file, ".fits.gz": fits_file, **MANY}
"""All writers, by ending."""
