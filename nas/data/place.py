"""What directory names tell: the split that images belong to, and the data set that the split is
of.
"""

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
    """Where images belong: ``Model_I_test`` is the test split of ``Model_I``; no split is
    ``all``.
    """

    root: str
    split: Split


def split_name(name: str) -> Split | None:
    """Return the split that is called exactly ``name`` (``valid`` is ``val``), or None."""
    return _SPLIT_NAMES.get(name.lower())


def split_affix(name: str) -> tuple[Split | None, str]:
    """Take a split off a name: ``train_lenses`` is train and lenses, ``Model_I_test`` test and
    Model_I; or None.
    """
    match = _PREFIXED.fullmatch(name) or _SUFFIXED.fullmatch(name)
    if match is None:
        return None, name
    return _SPLIT_NAMES[match["split"].lower()], match["rest"]


def place_of(names: Sequence[str]) -> Place:
    """Read directory names, outermost first; the innermost split counts, and what is no split makes
    the root.
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
    """The split that a data directory itself is, where a sibling confirms it: Model_I_test beside
    Model_I; or all.
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
    """What ``all`` means beside other splits: the training images that Model_I holds beside
    Model_I_test.

    Args:
        splits: of all parts of one data set.
        outside: what its directory is, where no part says more.
    """
    found = set(splits)
    rest: Split = "train" if found - {"all"} else outside
    return {split: rest if split == "all" else split for split in found}


def only_root(directory: Path, roots: Iterable[str]) -> str:
    """Return the one data set below a directory.

    Raises:
        UserError: there are several.
    """
    distinct = sorted(set(roots))
    if len(distinct) > 1:
        names = ", ".join(root or "." for root in distinct)
        raise UserError(
            f"{directory} holds several data sets ({names}): give the folder of one of them"
        )
    return distinct[0]
