"""Class names: the aliases found in public data sets, and the one order of labels.

The order is fixed here and never taken from a directory listing, where it would depend on how
somebody spelt the names.
"""

from collections.abc import Iterable

CANONICAL: dict[str, tuple[str, ...]] = {
    "no_substructure": ("no", "no_sub", "nosub", "no_substructure"),
    "subhalo": ("sphere", "cdm", "subhalo"),
    "vortex": ("vort", "axion", "vortex"),
    "substructure": ("sub", "substructure"),
    "lens": ("lenses", "lens", "lensed"),
    "nonlens": (
        "nonlenses",
        "nonlens",
        "nonlensed",
        "non_lenses",
        "non_lens",
        "non_lensed",
        "nolenses",
        "nolens",
        "no_lenses",
        "no_lens",
        "not_lens",
        "unlensed",
    ),
}
"""Canonical class names in label order, each with the names that public data sets give it."""

DARK_MATTER = ("no_substructure", "subhalo", "vortex")
"""The three dark-matter models of the DeepLense data sets, in label order."""

_ALIASES = {alias: name for name, aliases in CANONICAL.items() for alias in aliases}


def canonical_name(name: str) -> str | None:
    """Return the canonical name of a class, or None if public data sets do not know the class."""
    return _ALIASES.get(name.lower().replace("-", "_").replace(" ", "_"))


def label_order(names: Iterable[str]) -> tuple[str, ...]:
    """Return the distinct class names in label order.

    Canonical names come first in their own order, then all others in alphabetical order.
    """
    rank = {name: position for position, name in enumerate(CANONICAL)}
    return tuple(sorted(set(names), key=lambda name: (rank.get(name, len(rank)), name)))
