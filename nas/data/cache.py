"""The cache of data sets that were read, each as one memory-mapped array.

    CACHE/<name>-<hash of directory and read options>-<hash of its files>/

See ``nas.data.convert`` for what an entry holds.

A data set is found again by what its directory holds. Files enter the hash by path, size and time
of change, so a directory that changed is read again under another name, and its old entry is
removed. An entry is made in a temporary directory and renamed, so that it is whole or not there;
the size of its array is checked all the same.
"""

import hashlib
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
from filelock import FileLock

from nas.common.artefacts import DamageError
from nas.common.errors import UserError
from nas.common.settings import part
from nas.data.convert import IMAGES, TABLE, convert
from nas.data.detect import find_layout
from nas.data.meta import read_meta, read_source
from nas.data.options import LAYOUTS, ReadOptions
from nas.data.tree import printable, scan

# The format is part of every hash, so that data sets in the entries of an older version are read
# anew.
_FORMAT = 4
_UNFINISHED = "unfinished"
_HASH = 16

# Of the name of a directory, which may be as long as a name can be, so much stands in its entry's.
_NAMED = 40


def cache_directory() -> Path:
    """Return the directory where data sets are cached.

    It is ``$LENS_NAS_CACHE``, or ``lens-nas`` in the user's cache directory.

    Raises:
        UserError: it is below the home directory of somebody who has none.
    """
    own = os.environ.get("LENS_NAS_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    path = Path(own or Path(base) / "lens-nas")
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise UserError(
            f"{path} cannot be the cache, for there is no such home directory: name another "
            "directory in LENS_NAS_CACHE"
        ) from error


def cached_entry(directory: Path, options: ReadOptions) -> Path:
    """Return the cache entry of a data directory.

    The directory is read first where it has no entry or a stale one.

    Args:
        directory: data directory.
        options: how to read the directory.

    Raises:
        UserError: the directory cannot be read as a data set, or the cache cannot be written.
    """
    entries = scan(directory)
    # Commands pass their own settings, which are read options and more. Whether files may be
    # skipped changes no image, so it is not part of the hash.
    read_as = asdict(part(ReadOptions, options))
    del read_as["allow_skipped"]
    source = directory.resolve()
    prefix = f"{printable(source.name)[:_NAMED]}-{_hash(f'{_FORMAT} {read_as} {source}')}-"
    cache = cache_directory()
    holds = "\n".join(f"{path} {size} {changed}" for path, size, changed in entries)
    if options.layout not in LAYOUTS.built_in:
        # What a plug-in makes of the same files may be another thing tomorrow.
        own = find_layout(directory, entries, options)
        holds += f"\n{own.classes}\n{own.images.to_csv()}"
    found = cache / (prefix + _hash(holds))
    if _is_whole(found):
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / "lock"):
            # Another process may have read the same data set while this one waited.
            if not _is_whole(found):
                layout = find_layout(directory, entries, options)
                _build(found, lambda out: convert(directory, layout, options, out))
                _remove_stale(cache, prefix, found)
    except OSError as error:
        raise UserError(
            f"the cache {cache} cannot be written ({error.strerror}): free space there, or name "
            "another directory in LENS_NAS_CACHE"
        ) from error
    return found


def _is_whole(found: Path) -> bool:
    try:
        meta = read_meta(found)
        images = sum(sum(counts.values()) for counts in meta["splits"].values())
        expected = images * math.prod(meta["image_shape"]) * np.dtype(np.float32).itemsize
        return (found / TABLE).is_file() and (found / IMAGES).stat().st_size == expected
    except (OSError, UserError):
        return False


def _build(found: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a temporary directory, and rename it to ``found``."""
    # The lock allows one such directory at a time; what a killed process left is removed here.
    temporary = found.with_name(_UNFINISHED)
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        write(temporary)
        shutil.rmtree(found, ignore_errors=True)
        temporary.rename(found)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_stale(cache: Path, prefix: str, found: Path) -> None:
    """Remove entries of this data directory before it changed, and of directories that are gone."""
    for entry in cache.iterdir():
        if entry == found or not entry.is_dir():
            continue
        try:
            source = read_source(entry)
        except (OSError, DamageError):
            continue  # The entry is not ours, or another process is removing it.
        if entry.name.startswith(prefix) or not source.is_dir():
            shutil.rmtree(entry, ignore_errors=True)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH]
