"""What a layout is: where every image of a data directory stands, its class and its split."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

Split = Literal["train", "val", "test", "all"]
SPLITS: tuple[Split, ...] = ("train", "val", "test", "all")
"""Splits by their code in tables; ``all`` marks images of a directory that has no splits."""


@dataclass(frozen=True)
class Layout:
    """Where every image of a data directory is.

    Attributes:
        name: ``class_folders``, ``split_folders``, ``packed``, ``simulated`` or ``unlabelled``.
        classes: class names in label order.
        images: one row an image: ``file`` (path below the directory), ``row`` (of a packed array,
            -1 for a file that is an image), ``label`` (position in ``classes``), ``split``
            (position in ``SPLITS``).
        notes: sentences about what was assumed or passed over.
    """

    name: str
    classes: tuple[str, ...]
    images: pd.DataFrame
    notes: tuple[str, ...] = ()
