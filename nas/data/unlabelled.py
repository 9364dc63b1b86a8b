"""Images without classes or splits, found in every folder below a directory."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from nas.common.errors import UserError
from nas.data.layout import SPLITS, Layout
from nas.data.reading import SUFFIXES, UnreadableImageError, npy_header
from nas.data.tree import FileEntry


def find_images(directory: Path, entries: list[FileEntry]) -> Layout:
    """Find all images of a directory, and take them for one class, ``unlabelled``.

    Files hold one image each, and arrays (N, C, H, W) hold many. Arrays that can only be labels,
    (N,) or (N, 1), are passed over.

    Args:
        directory: directory of the images.
        entries: files of the directory.

    Raises:
        UserError: there are no images.
    """
    paths = [entry.path for entry in entries if Path(entry.path).suffix.lower() in SUFFIXES]
    counts = {path: _count(directory / path) for path in paths}
    images = pd.DataFrame(_rows(counts), columns=["file", "row"], dtype=object).astype(
        {"row": "int64"}
    )
    if images.empty:
        raise UserError(
            f"{directory} holds no image ({', '.join(sorted(SUFFIXES))}): give the folder of the "
            "images"
        )
    labels = [path for path, count in counts.items() if count == 0]
    notes = (f"passed over, not images: {', '.join(labels)}",) if labels else ()
    return Layout(
        "unlabelled", ("unlabelled",), images.assign(label=0, split=SPLITS.index("all")), notes
    )


def _rows(counts: dict[str, int]) -> Iterator[tuple[str, int]]:
    for path, count in counts.items():
        yield from [(path, -1)] if count < 0 else ((path, row) for row in range(count))


def _count(path: Path) -> int:
    """Return the number of images in an array, which is 0 for labels.

    It is -1 for a file that is one image, and for one that cannot be read.
    """
    if path.suffix.lower() != ".npy":
        return -1
    try:
        shape, dtype = npy_header(path)
    except (OSError, UnreadableImageError):
        return -1
    if dtype.hasobject:
        return -1
    if len(shape) == 1 or shape[1:] == (1,):
        return 0
    return shape[0] if len(shape) == 4 else -1
