"""The conversion of a data directory into one float32 array and a table of its images."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from nas.common.errors import UserError
from nas.common.files import write_json
from nas.common.progress import progress
from nas.data.filling import fill_bad_pixels
from nas.data.formats.stored import UnreadableImageError
from nas.data.layout import SPLITS, Layout
from nas.data.meta import META
from nas.data.options import ReadOptions
from nas.data.reading import RawImage
from nas.data.source import ImageSource, Item, Shape
from nas.data.tree import printable

IMAGES, TABLE = "images.f32", "table.parquet"

# If this share of the images has the most common shape, images of other shapes are mistakes. If it
# is less, the data set has varying sizes, and all images are cropped and padded to a common one.
_ONE_SHAPE = 0.5

# Number of duplicates that are named; all of them are counted.
_EXAMPLES = 20


def convert(directory: Path, layout: Layout, options: ReadOptions, out: Path) -> None:
    """Write the images, the table and the metadata of a data set into a directory.

    Args:
        directory: data directory.
        layout: layout of the data directory.
        options: how to read the data directory.
        out: existing directory to write into.

    Raises:
        UserError: a class has no image that can be used, or a file is dangerous to open.
    """
    columns = (layout.images[name] for name in ("file", "array", "row"))
    items = [Item(*item) for item in zip(*columns, strict=True)]
    with ImageSource(directory, options.channel_axis) as source:
        shapes = source.shapes(items)
        target, fitted = _common_shape(Counter(shape for shape in shapes if shape), options.crop)
        with (out / IMAGES).open("wb") as file:
            written = _Written(target, fitted, options.fill_nan)
            written.write(source, items, shapes, file)
    table = layout.images.iloc[written.positions].reset_index(drop=True)
    # A file with several arrays is like a folder, and the path of an image leads into it.
    paths = [printable(items[position].path) for position in written.positions]
    table = table.drop(columns="array").assign(
        file=paths, axion_mass=written.axion_masses, digest=written.digests
    )
    splits = _count_splits(layout.classes, table)
    _require_every_class(directory, layout.classes, table, source.skipped)
    table.to_parquet(out / TABLE, index=False)
    meta = {
        "directory": printable(str(directory.resolve())),
        "fingerprint": _fingerprint(layout.classes, target, table),
        "layout": layout.name,
        "classes": list(layout.classes),
        "notes": list(layout.notes),
        "image_shape": list(target),
        "dtype": ", ".join(sorted(written.dtypes)),
        "value_range": [written.low, written.high],
        "splits": splits,
        "filled": {"images": len(written.filled), "pixels": sum(written.filled)},
        "resized": {"cropped": written.cropped, "padded": written.padded} if fitted else None,
        "duplicates": _duplicates(table),
        "skipped": source.skipped,
    }
    write_json(out / META, meta)


@dataclass
class _Written:
    """The images that are written, and facts about them.

    Attributes:
        target: shape that all images get.
        fitted: whether images of other shapes are cropped and padded, or skipped.
        fill_nan: whether pixels that are no numbers are filled where that can be done.
    """

    target: Shape
    fitted: bool
    fill_nan: bool
    positions: list[int] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    axion_masses: list[float] = field(default_factory=list)
    dtypes: set[str] = field(default_factory=set)
    low: float = float("inf")
    high: float = float("-inf")
    cropped: int = 0
    padded: int = 0
    filled: list[int] = field(default_factory=list)

    def write(
        self, source: ImageSource, items: list[Item], shapes: list[Shape | None], file: IO[bytes]
    ) -> None:
        """Append every usable image to ``file`` as float32, which is the second pass.

        Args:
            source: reader of the images.
            items: images to read.
            shapes: shape of every image, as the first pass found them.
            file: file to write the pixels to.
        """
        with progress("reading images", len(items), "images") as advance:
            for position, (item, shape) in enumerate(zip(items, shapes, strict=True)):
                try:
                    if shape is not None:
                        self._add(position, source.read(item), file)
                except UnreadableImageError as error:
                    source.skip(item, str(error))
                advance(1)

    def _add(self, position: int, raw: RawImage, file: IO[bytes]) -> None:
        shape, target = raw.pixels.shape, self.target
        if shape[0] != target[0] or (shape != target and not self.fitted):
            raise UnreadableImageError(
                f"has shape {shape}, most have {target} (--crop brings all to one size)"
            )
        pixels = np.ascontiguousarray(raw.pixels, dtype=np.float32)
        if not np.isfinite(pixels).all():
            if not self.fill_nan:
                raise UnreadableImageError(
                    "holds NaN or infinite pixels (--fill-nan fills few and isolated ones)"
                )
            pixels, count = fill_bad_pixels(pixels)
            self.filled.append(count)
        self.cropped += shape[1] > target[1] or shape[2] > target[2]
        self.padded += shape[1] < target[1] or shape[2] < target[2]
        pixels = _fit(pixels, target)
        file.write(pixels.tobytes())
        self.positions.append(position)
        self.digests.append(hashlib.blake2b(pixels.tobytes(), digest_size=16).digest())
        self.axion_masses.append(float("nan") if raw.axion_mass is None else raw.axion_mass)
        self.dtypes.add(str(raw.pixels.dtype))
        self.low = min(self.low, float(pixels.min()))
        self.high = max(self.high, float(pixels.max()))


def _common_shape(shapes: Counter[Shape], crop: int | None) -> tuple[Shape, bool]:
    """Return the shape that all images get, and whether they are cropped and padded to it."""
    if not shapes:
        return (1, 1, 1), False  # No image is usable, and the caller says which class lacks them.
    most_common, count = shapes.most_common(1)[0]
    channels = most_common[0]
    if crop is not None:
        return (channels, crop, crop), True
    if count >= _ONE_SHAPE * shapes.total():
        return most_common, False
    channels = Counter(shape[0] for shape in shapes.elements()).most_common(1)[0][0]
    sides = [side for shape in shapes.elements() for side in shape[1:]]
    size = int(np.median(sides))
    return (channels, size, size), True


def _fit(pixels: npt.NDArray[np.float32], target: Shape) -> npt.NDArray[np.float32]:
    """Crop an image around its centre, or pad it with zeros, to the size of a target shape."""
    for axis in (1, 2):
        missing = target[axis] - pixels.shape[axis]
        if missing > 0:
            widths = [(0, 0)] * 3
            widths[axis] = (missing // 2, missing - missing // 2)
            pixels = np.pad(pixels, widths)
        elif missing < 0:
            start = -missing // 2
            pixels = np.take(pixels, range(start, start + target[axis]), axis=axis)
    return np.ascontiguousarray(pixels)


def _require_every_class(
    directory: Path, classes: tuple[str, ...], table: pd.DataFrame, skipped: list[dict[str, str]]
) -> None:
    missing = [name for label, name in enumerate(classes) if label not in set(table["label"])]
    if missing:
        why = f": {skipped[0]['file']} {skipped[0]['reason']}" if skipped else ""
        raise UserError(
            f"{directory} holds no usable image of class {', '.join(missing)}{why}; get the files "
            "anew"
        )


def _count_splits(classes: tuple[str, ...], table: pd.DataFrame) -> dict[str, dict[str, int]]:
    counts = table.groupby(["split", "label"]).size()
    return {
        split: {
            classes[label]: int(counts[code, label])
            for label in range(len(classes))
            if (code, label) in counts.index
        }
        for code, split in enumerate(SPLITS)
        if code in counts.index.get_level_values("split")
    }


def _duplicates(table: pd.DataFrame) -> dict[str, Any]:
    """Count copies within a split, and images that stand in several splits or classes.

    An image in several splits is a leak, and an image in several classes is a mistake.
    """
    copies = table[table.duplicated("digest", keep=False)]
    groups = copies.groupby("digest")
    within = int(copies.duplicated(["digest", "split"]).sum())
    across = int((groups["split"].nunique() > 1).sum())
    examples = [group["file"].tolist() for _, group in list(groups)[:_EXAMPLES]]
    contradicting = int((groups["label"].nunique() > 1).sum())
    return {
        "within_splits": within,
        "across_splits": across,
        "across_classes": contradicting,
        "examples": examples,
    }


def _fingerprint(classes: tuple[str, ...], shape: Shape, table: pd.DataFrame) -> str:
    digest = hashlib.sha256(repr((classes, shape)).encode())
    for column in ("label", "split"):
        digest.update(table[column].to_numpy(dtype=np.int64).tobytes())
    digest.update(b"".join(table["digest"]))
    return digest.hexdigest()
