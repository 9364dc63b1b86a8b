"""The directory of a simulated dataset, at every moment either unfinished and resumable, or whole.

Unfinished work lives in ``DIR/.partial``: ``dataset.json`` as it will be, ``images.npy`` at its
full size, and one small table for each chunk, which marks the chunk as finished. At the end the
files move up into ``DIR``. ``dataset.json`` moves last, so that where it stands the dataset is
whole.
"""

import fcntl
import io
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nas.common.artefacts import checked, read_json, reading
from nas.common.errors import UserError
from nas.common.files import atomic_path, write_json
from nas.data.packed import PARAMETERS
from nas.data.simulation import table

PARTIAL = ".partial"
DESCRIPTION = "dataset.json"
IMAGES, LABELS = "images.npy", "labels.npy"

PIXEL = np.dtype("<f4")


def is_complete(out: Path, description: Mapping[str, Any]) -> bool:
    """Return whether a directory already holds the very dataset that is wanted.

    Args:
        out: directory of the dataset.
        description: wanted content of ``dataset.json``.

    Raises:
        UserError: the directory holds another dataset, or one that lost a file.
    """
    if not (out / DESCRIPTION).exists():
        return False
    found = _read_description(out / DESCRIPTION)
    if found.get("settings") != description["settings"]:
        raise UserError(
            f"{out} already holds another dataset ({_difference(found, description)}): move it "
            "away, or choose another directory"
        )
    missing = [name for name in (IMAGES, LABELS, PARAMETERS) if not (out / name).is_file()]
    if missing:
        raise UserError(
            f"{out} lacks its {', '.join(missing)}: remove what is left of it and simulate it again"
        )
    # A run that was killed in its last moment leaves this behind.
    shutil.rmtree(out / PARTIAL, ignore_errors=True)
    return True


@dataclass(frozen=True)
class Unfinished:
    """A dataset that is being simulated.

    Attributes:
        out: directory of the dataset.
        description: content of ``dataset.json``.
        chunks: number of chunks.
    """

    out: Path
    description: Mapping[str, Any]
    chunks: int

    @property
    def directory(self) -> Path:
        """Directory that holds all files until the end."""
        return self.out / PARTIAL

    @property
    def images(self) -> Path:
        """File of the array of all images."""
        return self.directory / IMAGES

    def rows(self, chunk: int) -> Path:
        """Return the file of the parameters of a chunk, which exists once the chunk is finished."""
        return self.directory / f"chunk-{chunk:06d}.parquet"

    def missing(self) -> list[int]:
        """Return the numbers of the chunks that are still to be done."""
        return [chunk for chunk in range(self.chunks) if not self.rows(chunk).exists()]

    def publish(self, labels: NDArray[np.int64]) -> None:
        """Put the finished dataset in place.

        If it is killed at any point, the next run repeats it.

        Args:
            labels: labels of all images, (N,).
        """
        with atomic_path(self.directory / LABELS) as temporary, temporary.open("wb") as file:
            np.save(file, labels)
        table.join((self.rows(chunk) for chunk in range(self.chunks)), self.directory / PARAMETERS)
        for name in (IMAGES, LABELS, PARAMETERS, DESCRIPTION):
            if (self.directory / name).exists():
                (self.directory / name).replace(self.out / name)
        shutil.rmtree(self.directory)


@contextmanager
def unfinished(out: Path, description: Mapping[str, Any], chunks: int) -> Iterator[Unfinished]:
    """Take hold of the directory of a dataset, new or interrupted, for this process alone.

    Args:
        out: directory of the dataset, which is missing, empty, or holds an interrupted run of the
            same settings.
        description: content that ``dataset.json`` will have.
        chunks: number of chunks.

    Yields:
        The unfinished dataset.

    Raises:
        UserError: the directory holds anything else, or is in use.
        OSError: the directory cannot be written, or the disk has no room for the images.
    """
    work = Unfinished(out, description, chunks)
    _refuse_others(work)
    fresh = not out.exists()
    work.directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(work.directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another run is writing to {out}: wait for it, or choose another directory"
            ) from error
        if not (work.directory / DESCRIPTION).exists():
            try:
                _prepare(work)
            except OSError:
                shutil.rmtree(out if fresh else work.directory, ignore_errors=True)
                raise
        yield work
    finally:
        os.close(handle)


def image_bytes(shape: tuple[int, ...]) -> int:
    """Return the size of ``images.npy`` in bytes.

    Args:
        shape: number of images, channels, height and width.
    """
    return len(make_npy_header(shape)) + int(np.prod(shape)) * PIXEL.itemsize


def make_npy_header(shape: tuple[int, ...]) -> bytes:
    """Return the bytes that stand before the pixels in ``images.npy``."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": PIXEL.str, "fortran_order": False, "shape": shape}
    )
    return header.getvalue()


def _refuse_others(work: Unfinished) -> None:
    if not work.out.exists():
        return
    started = work.directory / DESCRIPTION
    ours = {PARTIAL, IMAGES, LABELS, PARAMETERS} if started.exists() else {PARTIAL}
    foreign = sorted(entry.name for entry in work.out.iterdir() if entry.name not in ours)
    if foreign:
        raise UserError(
            f"{work.out} is not empty (it holds {foreign[0]}): move it away, or choose another "
            "directory"
        )
    if started.exists() and (found := _read_description(started)) != work.description:
        raise UserError(
            f"{work.out} holds an unfinished dataset that differs "
            f"({_difference(found, work.description)}): finish it with the settings and versions "
            f"it was begun with, or remove {work.directory} to begin anew"
        )


def _prepare(work: Unfinished) -> None:
    """Take the disk space of the images before any work is done.

    The description is written last, and marks that there was room.
    """
    shape = (work.description["images"], *work.description["image_shape"])
    with work.images.open("wb") as file:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, image_bytes(shape))
        else:  # macOS lacks the call.
            file.truncate(image_bytes(shape))
        file.write(make_npy_header(shape))
    write_json(work.directory / DESCRIPTION, work.description)


def _read_description(path: Path) -> dict[str, Any]:
    with reading(path, "move it away, or choose another directory"):
        return checked(dict[str, Any], read_json(path))


def _difference(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> str:
    """Return the first entry in which two descriptions differ, in words."""
    there, here = _flat(found), _flat(wanted)
    for name in here:
        if there.get(name) != here[name]:
            return (
                f"{name.removeprefix('settings.')} is {there.get(name)} there and {here[name]} here"
            )
    return "its settings are of another version"


def _flat(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat
