"""The packages that bring plug-ins: what they name, and how their modules are loaded."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions

from lens_nas_plugins.kinds import KINDS, live
from lens_nas_plugins.mistakes import UserError, reason

_THIS_PROJECT = "lens-nas"


def entries(kind: str, *, ours: bool = False) -> list[EntryPoint]:
    """Return the entry points of a kind.

    Args:
        kind: kind of the things, out of :data:`~lens_nas_plugins.kinds.KINDS`.
        ours: whether those of this project are among them.
    """
    return [
        entry
        for entry in _scanned(tuple(sys.path))
        if entry.group == f"lens_nas.{kind}" and (ours or package_of(entry) != _THIS_PROJECT)
    ]


@lru_cache(maxsize=1)
def _scanned(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """Return the entry points of the packages on the path, each package once."""
    found: dict[str, tuple[EntryPoint, ...]] = {}
    for package in distributions():
        # Few packages have any of ours, and to take apart those of all takes long.
        if "[lens_nas." in (package.read_text("entry_points.txt") or ""):
            found.setdefault(package.name, tuple(package.entry_points))
    return tuple(entry for own in found.values() for entry in own)


def package_of(entry: EntryPoint) -> str:
    """Return the name of the package that brings an entry point."""
    return entry.dist.name if entry.dist is not None else entry.value.partition(":")[0]


def load_plugin(
    kind: str,
    entry: EntryPoint,
    mistake: type[UserError],
    registered: Callable[[], bool] = lambda: True,
) -> None:
    """Import the module of a plug-in; of one that fails nothing stays registered.

    Args:
        kind: kind of what it brings.
        entry: entry point of the plug-in.
        mistake: type of what is raised.
        registered: says afterwards whether it was registered.

    Raises:
        UserError: the module raised an exception, or registered nothing of the name.
    """
    noun, register = KINDS[kind].noun, KINDS[kind].register
    what = f"the plug-in {package_of(entry)} ({entry.value}, {noun} {entry.name!r})"
    with all_or_nothing():
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            raise mistake(
                f"{what} cannot be loaded ({reason(error)}): mend it, or uninstall the package"
                f"{mistake.end}"
            ) from error
        if not registered():
            raise mistake(
                f"{what} registers no {noun} of that name: call {register}({entry.name!r}, …) in "
                f"its module{mistake.end}"
            )


@contextmanager
def all_or_nothing() -> Iterator[None]:
    """Take back what is registered, of any kind, within a block that raises an exception."""
    before = {kind: dict(registry.added) for kind, registry in live()}
    try:
        yield
    except BaseException:
        for kind, registry in live():
            registry.restore(before.get(kind, {}))
        raise
