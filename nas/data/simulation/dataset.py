"""The simulation of a whole dataset, in chunks of images on worker processes.

A simulation that was interrupted goes on, and any number of workers gives the same bytes.
"""

import dataclasses
import json
import math
import os
import shutil
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from nas.common.errors import UserError
from nas.common.progress import progress, say
from nas.common.provenance import version_of
from nas.data.simulation import table
from nas.data.simulation.instruments import instrument
from nas.data.simulation.output import (
    PIXEL,
    Unfinished,
    image_bytes,
    is_complete,
    make_npy_header,
    unfinished,
)
from nas.data.simulation.settings import CLASSES, SimulationSettings, load_settings
from nas.data.simulation.workers import run_workers

CHUNK = 256
"""Number of images that are simulated and recorded together. It does not depend on the number of
workers, since chunks end up in the files, as row groups of the table."""

FORMAT = 1
"""Format of the directory, which rises when readers must change."""


def simulate_dataset(settings: SimulationSettings, out: Path | str, workers: int) -> None:
    """Simulate a dataset into a directory, or go on where an earlier run stopped.

    Args:
        settings: settings of the dataset.
        out: directory of the dataset.
        workers: number of processes, which changes no byte of the dataset.

    Raises:
        UserError: the directory holds something else or cannot be written, or a worker died.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data.simulation.dataset import simulate_dataset
        >>> from nas.data.simulation.settings import SimulationSettings
        >>> settings = SimulationSettings(images=3, image_size=32)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     simulate_dataset(settings, Path(directory), workers=1)
        ...     images = np.load(Path(directory, "images.npy"))
        ...     labels = np.load(Path(directory, "labels.npy"))
        >>> images.shape, labels
        ((3, 1, 32, 32), array([0, 1, 2]))
    """
    out = Path(out)
    if workers < 1:
        raise UserError(f"workers is {workers}: choose a number of at least 1")
    description = describe_simulation(settings)
    # Settings of a command may hold more fields, which the description leaves out.
    settings = load_settings(description)
    chunks = -(-settings.images // CHUNK)
    try:
        if is_complete(out, description):
            say(f"{out} already holds this dataset")
            return
        with unfinished(out, description, chunks) as work:
            _warn_of_cut_rings(settings)
            _simulate_missing(settings, work, workers)
            work.publish(np.arange(settings.images) % len(CLASSES))
    except OSError as error:
        needed = image_bytes((settings.images, *settings.image_shape))
        raise UserError(
            f"cannot write the dataset to {out}: {error.strerror or error} (it needs {needed:,} "
            f"bytes and a little more for its table{_free(out)}); make room or mend permissions "
            "and repeat the command to go on, or choose another directory"
        ) from error
    except BrokenProcessPool as error:
        raise UserError(
            "a worker process died, perhaps for lack of memory: "
            "repeat the command to go on from there, with fewer --workers"
        ) from error


def _warn_of_cut_rings(settings: SimulationSettings) -> None:
    """Say so where images are smaller than the ring that they show."""
    from nas.data.simulation.draw import typical_radii

    scale = instrument(settings.model, settings.physics).pixel_scale
    ring, source = (2 * radius for radius in typical_radii(settings))
    if settings.pixels * scale < ring + source:
        say(
            f"images of {settings.pixels} pixels span {settings.pixels * scale:.1f}″ and cut "
            f"through Einstein rings of {ring:.1f}″: whole ones need --image-size "
            f"{math.ceil((ring + source) / scale)}"
        )


def describe_simulation(settings: SimulationSettings) -> dict[str, Any]:
    """Return the content of the ``dataset.json`` of a dataset."""
    versions = {name: version_of(name) for name in ("lens-nas", "lenstronomy", "numpy")}
    plain = {
        item.name: getattr(settings, item.name) for item in dataclasses.fields(SimulationSettings)
    }
    settings = SimulationSettings(**{**plain, "image_size": settings.pixels})
    description = {
        "format": FORMAT,
        "kind": "simulated",
        "classes": CLASSES,
        "images": settings.images,
        "image_shape": settings.image_shape,
        "settings": dataclasses.asdict(settings),
        "units": {"images": table.image_unit(settings), **table.UNITS},
        "versions": versions,
    }
    # Tuples become lists here, as they do in the file.
    through_json: dict[str, Any] = json.loads(json.dumps(description))
    return through_json


def _simulate_missing(settings: SimulationSettings, work: Unfinished, workers: int) -> None:
    missing = work.missing()
    done = settings.images - sum(len(_indices(settings, chunk)) for chunk in missing)
    with (
        progress("simulating", settings.images, "images", done) as advance,
        closing(run_workers(partial(simulate_chunk, settings, work), missing, workers)) as chunks,
    ):
        for images in chunks:
            advance(images)


def simulate_chunk(settings: SimulationSettings, work: Unfinished, chunk: int) -> int:
    """Simulate one chunk of a dataset.

    Its images are written into their place, and then its rows, which mark the chunk as finished.

    Args:
        settings: settings of the dataset.
        work: dataset that the chunk belongs to.
        chunk: number of the chunk.

    Returns:
        The number of images in the chunk.
    """
    # lenstronomy takes seconds to import, and only whoever renders needs it.
    from nas.data.simulation.draw import draw_scene, generator
    from nas.data.simulation.render import renderer

    indices = _indices(settings, chunk)
    render = renderer(settings)
    images = np.empty((len(indices), *settings.image_shape), PIXEL)
    rows = []
    # Each worker has one thread, since splitting a sum among threads would change its last bits.
    with threadpool_limits(limits=1):
        for place, index in enumerate(indices):
            rng = generator(settings.seed, index)
            scene = draw_scene(settings, index, rng)
            images[place, 0] = render.observe(render.image(scene), scene, rng)
            rows.append(table.row(index, scene, render.background))
    _write_images(work.images, (settings.images, *settings.image_shape), indices.start, images)
    table.write_rows(work.rows(chunk), rows)
    return len(indices)


def _write_images(
    path: Path, shape: tuple[int, ...], first: int, images: np.ndarray[Any, Any]
) -> None:
    """Write images into their place in the file, from the row of the first one on.

    A memory map would count as memory in use.
    """
    with path.open("r+b") as file:
        file.seek(len(make_npy_header(shape)) + first * images[0].nbytes)
        file.write(images.data)
        file.flush()
        os.fsync(file.fileno())


def _indices(settings: SimulationSettings, chunk: int) -> range:
    return range(chunk * CHUNK, min((chunk + 1) * CHUNK, settings.images))


def _free(out: Path) -> str:
    for directory in (out, *out.parents):
        if directory.is_dir():
            return f"; {shutil.disk_usage(directory).free:,} bytes are free there"
    return ""
