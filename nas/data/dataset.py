"""A data set that was read: its images, labels and splits, and a report about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.artefacts import DamageError, reading
from nas.common.errors import UserError
from nas.common.progress import say
from nas.common.settings import part
from nas.data.cache import cached_entry
from nas.data.convert import IMAGES, TABLE
from nas.data.meta import read_meta
from nas.data.options import ReadOptions
from nas.data.packed import PARAMETERS
from nas.data.parquet import read_parquet
from nas.data.splits import Splits, make_splits

if TYPE_CHECKING:
    from nas.common.figure import ShownFigure

# A larger share of skipped files points to a broken download rather than to a few odd files.
_MOST_SKIPPED = 0.01


@dataclass(frozen=True, repr=False)
class LensDataset:
    """Images of lenses, opened from the cache; ``open_dataset`` makes one.

    A notebook shows it as a table of its classes and splits.

    Attributes:
        directory: data directory that the images were read from.
        classes: class names in label order.
        images: pixels of all images, (N, C, H, W) float32, memory-mapped and read-only.
        info: report that ``inspect`` shows, by name: layout, dtype, value_range, splits,
            duplicates, skipped, notes, fingerprint and more.
        table: one row for each image: ``file``, ``row``, ``label``, ``split`` (as on disk),
            ``axion_mass`` (eV, where the image's file carries it) and ``digest``.
        store: cache entry that the data set was opened from.
        options: how the directory was read.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data import open_dataset
        >>> random = np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     np.save(Path(directory, "images.npy"), random.random((60, 1, 16, 16)))
        ...     np.save(Path(directory, "labels.npy"), np.arange(60) % 3)
        ...     dataset = open_dataset(directory)
        >>> dataset  # doctest: +ELLIPSIS
        LensDataset(...: 60 images of 1 × 16 × 16, no_substructure 20, subhalo 20, vortex 20)
        >>> dataset.labels[:5]
        array([0, 1, 2, 0, 1])
        >>> dataset.info["splits"]
        {'all': {'no_substructure': 20, 'subhalo': 20, 'vortex': 20}}
        >>> splits = dataset.splits(seed=0)
        >>> dataset.images[splits.train].shape
        (42, 1, 16, 16)
    """

    directory: Path
    classes: tuple[str, ...]
    images: npt.NDArray[np.float32]
    info: dict[str, Any]
    table: pd.DataFrame
    store: Path
    options: ReadOptions

    def __repr__(self) -> str:
        counts = self.counts["all"]
        classes = ", ".join(f"{name} {counts[name]:,}" for name in self.classes)
        return f"LensDataset({self.directory}: {self._size}, {classes})"

    def _repr_html_(self) -> str:
        """Return the table of classes and splits, which notebooks ask for."""
        table = self.counts.to_html(border=0)
        return f"<p><b>{escape(str(self.directory))}</b>: {self._size}</p>{table}"

    @property
    def _size(self) -> str:
        shape = " × ".join(map(str, self.images.shape[1:]))
        return f"{len(self.images):,} images of {shape}"

    @property
    def counts(self) -> pd.DataFrame:
        """Number of images of each class, in each split on disk and in all."""
        splits = {
            name: [counts.get(label, 0) for label in self.classes]
            for name, counts in self.info["splits"].items()
        }
        table = pd.DataFrame(splits, index=list(self.classes))
        return table.assign(all=table.sum(axis=1))

    @property
    def fingerprint(self) -> str:
        """Hash of all pixels, labels, splits and class names.

        Equal data sets have equal fingerprints, wherever they are.
        """
        return str(self.info["fingerprint"])

    @cached_property
    def labels(self) -> npt.NDArray[np.int64]:
        """Labels of all images: (N,) positions in ``classes``."""
        return self.table["label"].to_numpy(dtype=np.int64)

    def splits(self, seed: int = 0) -> Splits:
        """Return which images are for training, validation and test.

        Args:
            seed: seed of the splits that the disk lacks.

        Raises:
            UserError: there is nothing to train on, or a class has too few images to be split.
        """
        return make_splits(self.table, self.classes, seed, self.store / f"splits-{seed}.npy")

    @property
    def parameters(self) -> pd.DataFrame:
        """Numbers of each image, a row each.

        Of simulated images they are what these were made with: lens, source, substructure and
        noise (``docs/simulation.md`` explains the columns). Of arrays they are what
        ``api.from_arrays`` was given.

        Raises:
            UserError: nobody knows numbers of the images, or the file was removed or damaged.
        """
        if not self.has_parameters:
            raise UserError(
                f"{self.directory} was not simulated, nor made of arrays with numbers: nobody "
                "knows its parameters"
            )
        # Each split may be a folder of its own, with its own table.
        files = self.table.groupby("file", sort=False)["row"]
        tables = [self._parameters_of(str(file), rows) for file, rows in files]
        return pd.concat(tables).sort_index().reset_index(drop=True)

    @property
    def has_parameters(self) -> bool:
        """Whether numbers of the images are known, or were once: see :attr:`parameters`."""
        return self.info["layout"] == "simulated" or (self.directory / PARAMETERS).is_file()

    def _parameters_of(self, file: str, rows: "pd.Series[int]") -> pd.DataFrame:
        """Return the parameters of images of one file, by their positions in the data set."""
        path = self.directory / Path(file).with_name(PARAMETERS)
        if not path.is_file():
            raise UserError(f"{path} is missing: copy it again, or simulate the data set anew")
        with reading(path, "copy it again"):
            table = read_parquet(path)
            if len(table) <= rows.max():
                raise DamageError("not a row for each image")
        return table.iloc[rows].set_axis(rows.index)

    def plot(self, columns: int = 6, seed: int = 0) -> "ShownFigure":
        """Draw images of every class, and what substructure adds to simulated ones.

        Args:
            columns: number of images of each class.
            seed: seed of the choice of images.

        Raises:
            UserError: the description of a simulated data set is damaged.
        """
        # matplotlib is slow to load, and most who open a data set draw nothing.
        from nas.data.preview import draw_preview

        return draw_preview(self, columns, seed)


def describe_filled(info: Mapping[str, Any]) -> str:
    """Return the sentence about the pixels that --fill-nan filled.

    Args:
        info: report about the data set.
    """
    filled = info["filled"]
    return (
        f"{filled['pixels']:,} pixels of {filled['images']:,} images were NaN or infinite, and are "
        "filled from those around them"
    )


def open_dataset(directory: Path | str, options: ReadOptions | None = None) -> LensDataset:
    """Open a data directory of any known layout.

    The first time all images are read and cached; later the cache is opened.

    Args:
        directory: data directory.
        options: how to read the directory, where the automatic answer is wrong.

    Raises:
        UserError: the directory is no data set, or more than 1 % of its files cannot be used and
            ``allow_skipped`` is not set.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> import numpy as np
        >>> from nas.data import open_dataset
        >>> random = np.random.default_rng(0)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for name in ("no_sub", "cdm", "axion"):
        ...         Path(directory, name).mkdir()
        ...         for number in range(4):
        ...             np.save(Path(directory, name, f"{number}.npy"), random.random((32, 32)))
        ...     dataset = open_dataset(Path(directory))
        >>> dataset.classes
        ('no_substructure', 'subhalo', 'vortex')
        >>> dataset.images.shape
        (12, 1, 32, 32)
    """
    directory, options = Path(directory), options or ReadOptions()
    store = cached_entry(directory, options)
    info = read_meta(store)
    images = sum(sum(counts.values()) for counts in info["splits"].values())
    skipped = info["skipped"]
    if len(skipped) > _MOST_SKIPPED * (images + len(skipped)) and not options.allow_skipped:
        first = skipped[0]
        raise UserError(
            f"{directory / first['file']} {first['reason']} ({len(skipped)} of "
            f"{images + len(skipped)} images cannot be used, more than 1 %): mend or remove them, "
            "or pass --allow-skipped"
        )
    if info["filled"]["images"]:
        say(f"{directory}: {describe_filled(info)}")
    shape = (images, *info["image_shape"])
    pixels = np.memmap(store / IMAGES, dtype=np.float32, mode="r", shape=shape)
    table = _table(store, images, len(info["classes"]))
    classes, read_as = tuple(info["classes"]), part(ReadOptions, options)
    return LensDataset(directory, classes, pixels, info, table, store, read_as)


def _table(store: Path, images: int, classes: int) -> pd.DataFrame:
    """Return the table of an entry of the cache, with a row for each image."""
    with reading(store / TABLE, f"remove {store}, and the data set is read again"):
        table = read_parquet(store / TABLE)
        if missing := sorted({"file", "row", "label", "split", "digest"} - {*table.columns}):
            raise DamageError(f"no column {missing[0]}")
        numbers = table[["row", "label", "split"]].dtypes
        whole = all(map(pd.api.types.is_integer_dtype, numbers))
        if len(table) != images or not whole or not table["label"].between(0, classes - 1).all():
            raise DamageError("not a row with a label for each image")
    return table
