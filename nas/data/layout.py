"""The layout of a data directory: where every image is, its class and its split."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

Split = Literal["train", "val", "test", "all"]
SPLITS: tuple[Split, ...] = ("train", "val", "test", "all")
"""Splits by their code in tables; ``all`` marks images of a directory that has no splits."""


@dataclass(frozen=True)
class Layout:
    """A layout, which tells where every image of a data directory is.

    Attributes:
        name: name of the layout, which is ``class_folders``, ``split_folders``, ``packed``,
            ``simulated`` or ``unlabelled``.
        classes: class names in label order.
        images: one row for each image: ``file`` (path below the data directory), ``array`` (its
            name in a file of several, empty in others), ``row`` (position in an array of many
            images, -1 for one that is an image), ``label`` (position in ``classes``) and ``split``
            (position in ``SPLITS``).
        notes: sentences about what was assumed or passed over.
    """

    name: str
    classes: tuple[str, ...]
    images: pd.DataFrame
    notes: tuple[str, ...] = ()
