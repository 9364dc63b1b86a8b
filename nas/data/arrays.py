"""The arrays and pictures of a data directory, those inside of files among them.

A file with several arrays is like a folder: ``lenses.h5/train/images`` is the array
``train/images`` in the file ``lenses.h5``.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from nas.data.classes import canonical_name
from nas.data.formats.opening import ARRAYS, PICTURES, ending, open_arrays
from nas.data.formats.stored import UnreadableImageError, UnsafePickleError
from nas.data.options import ChannelAxis
from nas.data.place import split_affix
from nas.data.reading import pick
from nas.data.tree import FileEntry
from nas.data.words import IMAGE_WORDS, calls_labels, name_words, stem

# A folder with more files than this has one image in each, and looking into all would be for
# nothing, unless the first is a stack.
_MOST_FILES = 64

# An image has more pixels than this on a side, and a pixel has fewer channels.
_MOST_CHANNELS = 4

LOCKED = ()
"""Stands in place of the shape of an array whose file cannot be opened."""


class ArrayEntry(NamedTuple):
    """An array or a picture of a data directory.

    Attributes:
        path: path below the data directory, which for one of several arrays in a file begins with
            that of the file.
        file: path of the file.
        array: name of the array in the file; empty for the only array, or the one image.
        shape: shape of the array; None for pictures, pickles, and what was not looked into.
        problem: what is wrong with the file, in words that fit behind its name.
    """

    path: str
    file: str
    array: str = ""
    shape: tuple[int, ...] | None = None
    problem: str = ""

    @property
    def folder(self) -> str:
        """Path of the folder, or of the file that holds several arrays."""
        return self.path.rpartition("/")[0]


def find_arrays(directory: Path, entries: Iterable[FileEntry]) -> list[ArrayEntry]:
    """Find all arrays and pictures of a data directory, by their endings and headers."""
    folders: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if ending(entry.path) in ARRAYS | PICTURES:
            folders[entry.path.rpartition("/")[0]].append(entry.path)
    return [found for paths in folders.values() for found in _in_folder(directory, paths)]


def _in_folder(directory: Path, paths: list[str]) -> Iterator[ArrayEntry]:
    files = [path for path in paths if ending(path) in ARRAYS]
    inside = len(files) <= _MOST_FILES or any(
        is_stack(entry.shape, "auto", alone=False) for entry in _in_file(directory, files[0])
    )
    for path in paths:
        if inside and ending(path) in ARRAYS:
            yield from _in_file(directory, path)
        else:
            yield ArrayEntry(path, path)


def _in_file(directory: Path, path: str) -> list[ArrayEntry]:
    try:
        with open_arrays(directory / path) as arrays:
            shapes = {name: array.shape for name, array in arrays.items()}
            if len(shapes) > 1 and (_is_packed(shapes) or _has_classes(shapes)):
                return [
                    ArrayEntry(f"{path}/{name}", path, name, shape)
                    for name, shape in shapes.items()
                ]
            # Pickles hold arrays too, of which their header tells nothing.
            shape = pick(arrays).shape if shapes or ending(path) != ".npy" else None
            return [ArrayEntry(path, path, shape=shape)]
    except OSError:
        return [ArrayEntry(path, path, shape=LOCKED)]
    except UnreadableImageError as error:
        return [ArrayEntry(path, path, problem=str(error))]
    except UnsafePickleError:
        # Where the file is one of the images, reading it says so. It can be a checkpoint as well.
        return [ArrayEntry(path, path)]


def _is_packed(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Return whether a file holds images and their labels."""
    lengths = {
        shape[0] for name, shape in shapes.items() if len(shape) <= 2 and calls_labels(name)
    } - {1}
    return any(len(shape) >= 3 and shape[0] in lengths for shape in shapes.values())


def _has_classes(names: Iterable[str]) -> bool:
    """Return whether the arrays or groups of a file are called like two classes or more."""
    parts = {part for name in names for part in (*name.split("/"), class_stem(name))}
    return len({known for part in parts if (known := known_class(part))}) > 1


def known_class(name: str) -> str | None:
    """Return the canonical class that a name is, apart from a split in it, or None."""
    return canonical_name(name) or canonical_name(split_affix(name)[1])


def class_stem(path: str) -> str:
    """Return what remains of a name without words for images: cdm_train of cdm_images_train.

    Example:
        >>> class_stem("X_cdm_train.npy"), class_stem("no_sub.npz")
        ('cdm_train', 'no_sub')
    """
    return "_".join(word for word in name_words(path) if word not in IMAGE_WORDS) or stem(path)


def class_path(entry: ArrayEntry) -> str:
    """Return the path that tells the class of an array.

    It is that of its folder. If no folder is called like a class, it can be that of the array
    itself.

    Example:
        >>> from nas.data.arrays import ArrayEntry, class_path
        >>> class_path(ArrayEntry("train/cdm/0.npy", "train/cdm/0.npy", shape=(64, 64)))
        'train/cdm'
        >>> class_path(ArrayEntry("train/cdm.npy", "train/cdm.npy", shape=(5000, 64, 64)))
        'train/cdm'
    """
    parts = _parts(entry)
    return "/".join([*parts, class_stem(entry.path)] if names_class(entry) else parts)


def names_class(entry: ArrayEntry) -> bool:
    """Return whether an array holds all images of the class that it is called like.

    A single image has two axes or a folder that is its class.
    """
    # A file that is like a folder says of all its arrays what it holds: lenses.h5/cdm.
    groups = f"{entry.file.rpartition('/')[0]}/{entry.array.rpartition('/')[0]}"
    return (
        len(entry.shape or ()) > 2
        and known_class(class_stem(entry.path)) is not None
        and not any(map(known_class, groups.split("/")))
    )


def _parts(entry: ArrayEntry) -> list[str]:
    return [_without_ending(part) for part in entry.folder.split("/") if part]


def _without_ending(folder: str) -> str:
    """Return the name of a folder, or of a file that is like a folder without its ending."""
    return folder.removesuffix(ending(folder)) if ending(folder) in ARRAYS else folder


def is_stack(shape: tuple[int, ...] | None, channel_axis: ChannelAxis, *, alone: bool) -> bool:
    """Return whether an array holds many images.

    Four axes do. Three axes do where they are too long for channels, or where the array is alone.

    Args:
        shape: shape of the array, if it is known.
        channel_axis: where the user says that channels are; then three axes are one image.
        alone: whether the array is all there is of its class.

    Example:
        >>> from nas.data.arrays import is_stack
        >>> is_stack((5000, 64, 64), "auto", alone=False)
        True
        >>> is_stack((10, 64, 64), "auto", alone=False)
        False
    """
    if shape is None or len(shape) not in (3, 4):
        return False
    if len(shape) == 4:
        return True
    if channel_axis != "auto" or min(shape[1:]) <= _MOST_CHANNELS:
        return False
    return alone or (shape[0] > max(shape[1:]) and shape[2] >= shape[1])
