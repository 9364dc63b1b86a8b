"""Simulated data sets whose splits have sizes of their own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nas.data.layout import SPLITS
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.settings import SimulationSettings


def simulate_splits(
    settings: SimulationSettings, out: Path, sizes: Mapping[str, int], workers: int
) -> None:
    """Simulate a data set in folders ``train``, ``val`` and ``test``, or go on with it.

    Every folder is a simulated data set with a seed of its own.

    Args:
        settings: Settings of all images but their number.
        out: Directory of the data set.
        sizes: Number of images of each split.
        workers: Number of processes, which changes no byte of the data set.

    Raises:
        UserError: a folder holds something else or cannot be written, or a worker died.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.data import open_dataset
        >>> from nas.data.simulation.settings import SimulationSettings
        >>> from nas.data.simulation.splits import simulate_splits
        >>> settings = SimulationSettings(image_size=32)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     out = Path(directory)
        ...     simulate_splits(settings, out, {"train": 6, "val": 3, "test": 9}, workers=1)
        ...     splits = open_dataset(out).splits()
        >>> len(splits.train), len(splits.val), len(splits.test), splits.made
        (6, 3, 9, ())
    """
    seeds = len(SPLITS)
    for split, images in sizes.items():
        seed = seeds * settings.seed + SPLITS.index(split)
        simulate_dataset(replace(settings, images=images, seed=seed), out / split, workers)
