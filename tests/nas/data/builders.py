"""Small data directories of exactly the layouts that public data sets have."""

from pathlib import Path

import numpy as np
from PIL import Image

RNG = np.random.default_rng(0)


def image(shape: tuple[int, ...], dtype: str = "float64") -> np.ndarray:
    if np.dtype(dtype).kind in "iu":
        return RNG.integers(0, 200, shape).astype(dtype)
    return RNG.random(shape).astype(dtype)


def folder(path: Path, count: int, shape: tuple[int, ...], dtype: str = "float64") -> None:
    """Write a folder of plain .npy images."""
    path.mkdir(parents=True)
    for number in range(count):
        np.save(path / f"sim_{number}.npy", image(shape, dtype))


def axion_folder(path: Path, count: int, shape: tuple[int, ...], dtype: str = "float64") -> None:
    """Write a folder of DeepLense's axion files, pickled object arrays [image, mass in eV]."""
    path.mkdir(parents=True)
    for number in range(count):
        pair = np.empty(2, dtype=object)
        pair[0], pair[1] = image(shape, dtype), np.float64(10.0 ** RNG.uniform(-24, -22))
        np.save(path / f"axion_sim_{number}.npy", pair, allow_pickle=True)


def picture_folder(path: Path, count: int, shape: tuple[int, int], suffix: str) -> None:
    path.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(image(shape, "uint8")).save(path / f"{number}{suffix}")


def dark_matter(
    root: Path, counts: tuple[int, int, int], shape: tuple[int, ...], dtype: str = "float64"
) -> None:
    """Write the class folders of Models I to IV, with axion files beside plain ones.

    Args:
        root: directory of the class folders.
        counts: numbers of images without substructure, with subhalos and with vortices.
        shape: shape of an image.
        dtype: type of the pixels.
    """
    axion_folder(root / "axion", counts[2], shape, dtype)
    folder(root / "cdm", counts[1], shape, dtype)
    folder(root / "no_sub", counts[0], shape, dtype)


def common_task(root: Path) -> None:
    for split, count in (("train", 6), ("val", 3)):
        for name in ("no", "sphere", "vort"):
            folder(root / "dataset" / split / name, count, (1, 150, 150))
            junk = root / "__MACOSX" / "dataset" / split / name
            junk.mkdir(parents=True)
            (junk / "._sim_0.npy").write_bytes(b"\x00\x05\x16\x07")
    (root / "dataset" / ".DS_Store").write_bytes(b"Bud1")


def packed(path: Path, count: int, labels: np.ndarray | None = None) -> None:
    """Write one array of images and one array of labels, which take turns unless they are given."""
    path.mkdir(parents=True, exist_ok=True)
    np.save(path / "images.npy", image((count, 1, 8, 8)))
    np.save(path / "labels.npy", np.arange(count) % 3 if labels is None else labels)
