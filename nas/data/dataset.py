"""A data set that was read: images, labels, splits, and what is worth knowing about it."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.data.cache import cached_entry
from nas.data.convert import IMAGES, META, TABLE
from nas.data.options import ReadOptions
from nas.data.splits import Splits, make_splits

# More skipped files than this share point to a broken download rather than to a few odd files.
_MOST_SKIPPED = 0.01


@dataclass(frozen=True)
class LensDataset:
    """Images of lenses, opened from the cache; ``open_dataset`` makes one.

    Attributes:
        directory: the data directory it was read from.
        classes: class names in label order.
        images: (N, C, H, W) float32, memory-mapped and read-only.
        info: what ``inspect`` shows: layout, dtype, value_range, splits, duplicates, skipped,
            notes, fingerprint.
        table: one row an image: ``file``, ``row``, ``label``, ``split`` (as on disk),
            ``axion_mass`` (eV, where the file itself carries it), ``digest``.
        store: the cache entry it was opened from.
    """

    directory: Path
    classes: tuple[str, ...]
    images: npt.NDArray[np.float32]
    info: dict[str, Any]
    table: pd.DataFrame
    store: Path

    @property
    def fingerprint(self) -> str:
        """A hash of all pixels, labels, splits and class names: equal for equal data sets, wherever
        they are.
        """
        return str(self.info["fingerprint"])

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """(N,) positions in ``classes``."""
        return self.table["label"].to_numpy(dtype=np.int64)

    def splits(self, seed: int = 0) -> Splits:
        """Return train, validation and test images; splits that the disk lacks are made from the
        seed.
        """
        return make_splits(self.table, self.classes, seed, self.store / f"splits-{seed}.npy")


def open_dataset(directory: Path, options: ReadOptions | None = None) -> LensDataset:
    """Open a data directory of any known layout; the first time it is read whole and cached.

    Raises:
        UserError: it is no data set, or more than 1 % of its files cannot be used and
            ``allow_skipped`` is not set.
    """
    options = options or ReadOptions()
    store = cached_entry(directory, options)
    info = json.loads((store / META).read_text(encoding="utf-8"))
    images = sum(sum(counts.values()) for counts in info["splits"].values())
    skipped = info["skipped"]
    if len(skipped) > _MOST_SKIPPED * (images + len(skipped)) and not options.allow_skipped:
        first = skipped[0]
        raise UserError(
            f"{directory / first['file']} {first['reason']} ({len(skipped)} of "
            f"{images + len(skipped)} images cannot be used, more than 1 %): mend or remove them, "
            "or pass --allow-skipped"
        )
    shape = (images, *info["image_shape"])
    pixels = np.memmap(store / IMAGES, dtype=np.float32, mode="r", shape=shape)
    return LensDataset(
        directory, tuple(info["classes"]), pixels, info, pd.read_parquet(store / TABLE), store
    )
