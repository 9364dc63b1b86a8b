"""The cache: every data set that was read once, as one memory-mapped array, found again by what it holds.

    CACHE/index/<hash of directory and read options>.json   names the object, and what the directory looked like
    CACHE/objects/<fingerprint>/                             images, table and metadata (``nas.data.convert``)

An object is made in a temporary directory and renamed, so that it is whole or not there; the size of its array is
checked all the same. A directory whose files changed (path, size or time) is read again.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
from filelock import FileLock

from nas.data.convert import IMAGES, META, TABLE, convert
from nas.data.detect import find_layout
from nas.data.options import ReadOptions
from nas.data.tree import scan
from nas.errors import UserError
from nas.files import write_json

# Part of every signature: objects that an older version of this code wrote are read anew.
_FORMAT = 1


def cache_directory() -> Path:
    """Where data sets are cached: ``$LENS_NAS_CACHE``, or ``lens-nas`` in the user's cache directory."""
    own = os.environ.get("LENS_NAS_CACHE")
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(own or Path(base) / "lens-nas").expanduser()


def cached_object(directory: Path, options: ReadOptions) -> Path:
    """Return the cache object of a data directory, reading the directory first where there is none or a stale one.

    Raises:
        UserError: the directory cannot be read as a data set, or the cache cannot be written.
    """
    entries = scan(directory)
    # Commands pass their own settings, which are read options and more; how much may be skipped changes no image.
    read_as = {field.name: getattr(options, field.name) for field in fields(ReadOptions)}
    del read_as["allow_skipped"]
    signature = _hash(f"{_FORMAT} {read_as} {entries}")
    cache = cache_directory()
    index = cache / "index" / f"{_hash(f'{read_as} {directory.resolve()}')[:32]}.json"
    found = _look_up(cache, index, signature)
    if found is not None:
        return found
    try:
        (cache / "index").mkdir(parents=True, exist_ok=True)
        (cache / "objects").mkdir(exist_ok=True)
        with FileLock(cache / "lock"):
            # Another process may have read the same data set while this one waited.
            found = _look_up(cache, index, signature)
            if found is None:
                layout = find_layout(directory, entries, options.layout, options.classes)
                found = _build(cache, lambda out: convert(directory, layout, options, out))
                write_json(index, {"directory": str(directory.resolve()), "signature": signature, "object": found.name})
                _remove_unused(cache)
            return found
    except OSError as error:
        raise UserError(
            f"the cache {cache} cannot be written ({error.strerror}): free space there, or name another directory in "
            "LENS_NAS_CACHE"
        ) from error


def _look_up(cache: Path, index: Path, signature: str) -> Path | None:
    """Return the object that the index names, if the directory still looks the same and the object is whole."""
    try:
        entry = json.loads(index.read_text(encoding="utf-8"))
        if entry["signature"] != signature:
            return None
        found = cache / "objects" / str(entry["object"])
        return found if _is_whole(found) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_whole(found: Path) -> bool:
    meta = json.loads((found / META).read_text(encoding="utf-8"))
    images = sum(sum(counts.values()) for counts in meta["splits"].values())
    expected = images * int(np.prod(meta["image_shape"])) * np.dtype(np.float32).itemsize
    return (found / TABLE).is_file() and (found / IMAGES).stat().st_size == expected


def _build(cache: Path, write: Callable[[Path], str]) -> Path:
    """Let ``write`` fill a temporary directory, and rename it to the fingerprint that it returns."""
    temporary = cache / "objects" / "unfinished"  # the lock allows one at a time; a killed one is removed here
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        found = cache / "objects" / write(temporary)
        shutil.rmtree(found, ignore_errors=True)
        temporary.rename(found)
        return found
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_unused(cache: Path) -> None:
    """Forget directories that are gone, and remove objects that no directory refers to any more."""
    used = set()
    for index in (cache / "index").glob("*.json"):
        try:
            entry = json.loads(index.read_text(encoding="utf-8"))
            gone = not Path(entry["directory"]).is_dir()
        except (ValueError, KeyError, TypeError):
            gone = True
        if gone:
            index.unlink()
        else:
            used.add(entry["object"])
    for found in (cache / "objects").iterdir():
        if found.name not in used:
            shutil.rmtree(found)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
