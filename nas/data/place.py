"""What directory names tell: the split of images, and the data set that the split belongs to."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from nas.common.errors import UserError
from nas.data.layout import Split

_SPLIT_NAMES: dict[str, Split] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_SPLIT = "|".join(sorted(_SPLIT_NAMES, key=len, reverse=True))
_PREFIXED = re.compile(rf"(?P<split>{_SPLIT})[_-](?P<rest>.+)", re.IGNORECASE)
_SUFFIXED = re.compile(rf"(?P<rest>.+)[_-](?P<split>{_SPLIT})", re.IGNORECASE)


class Place(NamedTuple):
    """The data set and the split that images belong to.

    ``Model_I_test`` is the split ``test`` of the root ``Model_I``. The split is ``all`` where names
    tell none.
    """

    root: str
    split: Split


def split_name(name: str) -> Split | None:
    """Return the split that has exactly this name (``valid`` is ``val``), or None."""
    return _SPLIT_NAMES.get(name.lower())


def split_affix(name: str) -> tuple[Split | None, str]:
    """Return the split at the beginning or end of a name, and the rest of the name.

    ``train_lenses`` is train and lenses, ``Model_I_test`` is test and Model_I. Where the name tells
    no split, it is returned whole with None.
    """
    match = _PREFIXED.fullmatch(name) or _SUFFIXED.fullmatch(name)
    if match is None:
        return None, name
    return _SPLIT_NAMES[match["split"].lower()], match["rest"]


def place_of(names: Sequence[str]) -> Place:
    """Return the place that directory names tell.

    The innermost split counts, and the names that are no splits make the root.

    Args:
        names: names of directories inside each other, outermost first.
    """
    split: Split | None = None
    root = []
    for name in reversed(names):
        own, rest = (split_name(name), "") if split_name(name) else split_affix(name)
        split = split or own
        if rest:
            root.append(rest)
    return Place("/".join(reversed(root)), split or "all")


def split_of_directory(directory: Path) -> Split:
    """Return the split that a data directory itself is, or ``all``.

    A sibling must confirm it: ``Model_I_test`` is a test split only beside ``Model_I``.
    """
    own = directory.resolve()
    if split := split_name(own.name):
        siblings = {split_name(path.name) for path in own.parent.iterdir() if path.is_dir()} - {
            None
        }
        return split if len(siblings) > 1 else "all"
    affix, rest = split_affix(own.name)
    return affix if affix and (own.parent / rest).is_dir() else "all"


def settle(splits: Iterable[Split], outside: Split) -> dict[Split, Split]:
    """Return what each split means, now that all splits of the data set are known.

    Only ``all`` can mean something else: beside other splits it means the training images, as
    ``Model_I`` holds them beside ``Model_I_test``.

    Args:
        splits: splits of all parts of one data set.
        outside: split that the data directory itself is, which counts where no part tells one.
    """
    found = set(splits)
    rest: Split = "train" if found - {"all"} else outside
    return {split: rest if split == "all" else split for split in found}


def only_root(directory: Path, roots: Iterable[str]) -> str:
    """Return the root of the one data set below a directory.

    Raises:
        UserError: there are several data sets.
    """
    distinct = sorted(set(roots))
    if len(distinct) > 1:
        names = ", ".join(root or "." for root in distinct)
        raise UserError(
            f"{directory} holds several data sets ({names}): give the folder of one of them"
        )
    return distinct[0]
