"""The layouts of plug-ins: a function lists the images of a directory in a table."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from lens_nas_plugins.mistakes import plugin_code
from nas.common.errors import UserError
from nas.data.classes import canonical_name, label_order
from nas.data.layout import SPLITS, Layout
from nas.data.options import LAYOUTS

_COLUMNS = ("file", "class")


def register_layout(name: str, find: Callable[[Path], pd.DataFrame]) -> None:
    """Register a layout of data of one's own, which ``--layout`` then knows.

    Args:
        name: Name of the layout.
        find: Returns a table of the images of a directory, a row for each: ``file``, its path
            below the directory, and ``class``. Where there are several splits, ``split`` is train,
            val or test; in files of many images ``row`` is the position of the image, and in files
            of several arrays ``array`` is the name of one.

    Raises:
        UserError: There is a layout of this name, or it is no function.

    Example:
        Images in one directory, with a list of them beside:

        >>> import tempfile
        >>> import numpy as np
        >>> import pandas as pd
        >>> from nas.data import ReadOptions, open_dataset, register_layout
        >>> def listed(directory):
        ...     table = pd.read_csv(directory / "list.csv", dtype=str)
        ...     return pd.DataFrame({"file": table["name"] + ".npy", "class": table["kind"]})
        >>> register_layout("listed", listed)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     for i in range(6):
        ...         np.save(Path(directory, f"{i}.npy"), np.full((32, 32), i))
        ...     rows = {"name": range(6), "kind": ["ring", "spiral"] * 3}
        ...     pd.DataFrame(rows).to_csv(Path(directory, "list.csv"), index=False)
        ...     open_dataset(directory, ReadOptions(layout="listed")).classes
        ('ring', 'spiral')
    """
    LAYOUTS.add(name, find)


def find_catalogued(directory: Path, name: str) -> Layout:
    """Return the layout of a directory that a plug-in reads.

    Args:
        directory: data directory.
        name: name of the layout.

    Raises:
        UserError: there is no such layout, its function fails, or what that returns is no table of
            images that are there.
    """
    find = LAYOUTS.get(name)
    with plugin_code(UserError, f"the layout {name}"):
        table = find(directory)
    what = f"--layout {name} cannot be used for {directory}, since its table"
    missing = [column for column in _COLUMNS if column not in getattr(table, "columns", ())]
    if missing:
        raise UserError(f"{what} lacks {', '.join(missing)}: let it return those columns")
    files = table["file"].astype(str)
    if absent := [file for file in files.unique() if not (directory / file).is_file()]:
        raise UserError(f"{what} names {absent[0]}, which is not there: name files below it")
    splits = table["split"].astype(str) if "split" in table else pd.Series("all", table.index)
    if unknown := sorted(set(splits) - set(SPLITS)):
        raise UserError(f"{what} has a split {unknown[0]!r}: use {', '.join(SPLITS)}")
    named = table["class"].astype(str).map(lambda given: canonical_name(given) or given)
    classes = label_order(named)
    images = pd.DataFrame(
        {
            "file": files,
            "array": table["array"].astype(str) if "array" in table else "",
            "row": table["row"].astype("int64") if "row" in table else -1,
            "label": named.map({one: label for label, one in enumerate(classes)}).astype("int64"),
            "split": splits.map({one: code for code, one in enumerate(SPLITS)}).astype("int64"),
        }
    )
    text = images[["file", "array"]].astype(object)
    return Layout(name, classes, images.assign(**text).reset_index(drop=True))
