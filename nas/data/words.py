"""The words of names, which tell images from labels, and which of them belong together."""

import re

from nas.data.formats.opening import ending

IMAGE_WORDS = frozenset({"images", "image", "imgs", "img", "x", "data", "inputs"})
"""Words that call an array one of images, or an image."""

LABEL_WORDS = frozenset({"labels", "label", "y", "targets", "target", "classes", "onehot"})
"""Words that call an array one of labels."""

# What numpy and torch call arrays that were given no name.
_NAMELESS = re.compile(r"(arr_)?\d+")


def name_words(path: str) -> tuple[str, ...]:
    """Return the words of the last part of a path, in small letters and without its ending."""
    name = stem(path).lower().replace("one_hot", "onehot").replace("one-hot", "onehot")
    return tuple(re.split(r"[_\-. ]+", name))


def stem(path: str) -> str:
    """Return the last part of a path without the ending of its type."""
    name = path.rpartition("/")[2]
    return name[: len(name) - len(ending(name))]


def key(path: str) -> tuple[str, ...]:
    """Return the words of a name that say neither images nor labels.

    They are equal for names that belong together.

    Example:
        >>> key("dir/x_train.npy") == key("dir/y_train.npy") == ("train",)
        True
    """
    return tuple(word for word in name_words(path) if word not in IMAGE_WORDS | LABEL_WORDS)


def calls_labels(path: str) -> bool:
    """Return whether a name can be that of labels: it says so, or says nothing."""
    return not LABEL_WORDS.isdisjoint(name_words(path)) or bool(
        _NAMELESS.fullmatch(path.rpartition("/")[2])
    )
