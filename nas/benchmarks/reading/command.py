"""How long a folder of images takes to open, the first time and again.

``python -m nas.benchmarks.reading`` writes ``results/data/reading_speed.md`` and ``.json``.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np

from nas.benchmarks.reading.settings import ReadingBenchmarkSettings
from nas.benchmarks.record import publish
from nas.common.progress import progress
from nas.data.dataset import open_dataset

_CLASSES = ("no", "sphere", "vort")


def run(settings: ReadingBenchmarkSettings) -> None:
    """Make the folder, open it twice with an empty cache, print the table and write it."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(temporary) / "dataset"
        _write_images(directory, settings.images, settings.image_size)
        os.environ["LENS_NAS_CACHE"] = str(Path(temporary) / "cache")
        first, second = _open(directory), _open(directory)
    publish(
        settings.out,
        "reading_speed",
        {
            "images": settings.images,
            "image_size": settings.image_size,
            "first_open_seconds": round(first, 1),
            "second_open_seconds": round(second, 2),
        },
    )


def _write_images(directory: Path, images: int, size: int) -> None:
    rng = np.random.default_rng(0)
    with progress("writing images", images, "images") as advance:
        for number in range(images):
            folder = directory / "train" / _CLASSES[number % len(_CLASSES)]
            if number < len(_CLASSES):
                folder.mkdir(parents=True)
            np.save(folder / f"{number}.npy", rng.random((1, size, size), dtype=np.float32))
            advance(1)


def _open(directory: Path) -> float:
    start = time.perf_counter()
    open_dataset(directory)
    return time.perf_counter() - start
