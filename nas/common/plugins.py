"""Plug-ins: what is found by its name, and what programs and packages add to it.

A program adds with a function, such as :func:`nas.samplers.register_sampler`. A package that is
installed names its module, which calls that function, in an entry point: its group says what kind
of thing is registered, and its name is that of the thing. So names are known without an import, and
a module is imported when its name is asked for.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, distributions
from pkgutil import resolve_name
from typing import Any, Generic, TypeVar

from nas.common.errors import UserError
from nas.common.kinds import did_you_mean

ThingT = TypeVar("ThingT")

VARIABLE = "LENS_NAS_PLUGINS"
"""Environment variable that names modules of plug-ins."""

# Characters with a meaning in lists, in lines of architectures, and in the names of timm.
_RESERVED = ",/=:. "


@dataclass(frozen=True)
class Kind:
    """One kind of things that plug-ins bring.

    Attributes:
        noun: what sentences call it.
        register: function that registers one.
        registry: where the registry is, ``module:name``.
        settings: settings that take its names.
        travels: whether workers, which are other processes, need it.
    """

    noun: str
    register: str
    registry: str
    settings: tuple[str, ...]
    travels: bool = True


KINDS = {
    "spaces": Kind("search space", "register_space", "search_spaces.own:SPACES", ("space",)),
    "samplers": Kind(
        "strategy", "register_sampler", "nas.samplers.names:SAMPLERS", ("strategy",), travels=False
    ),
    "objectives": Kind(
        "objective", "register_objective", "nas.search.options:OBJECTIVES", ("objectives",)
    ),
    "layouts": Kind(
        "layout", "register_layout", "nas.data.options:LAYOUTS", ("layout",), travels=False
    ),
    "augmentations": Kind(
        "augmentation",
        "register_augmentation",
        "nas.data.options:AUGMENTATIONS",
        ("augmentation.also",),
    ),
    "networks": Kind(
        "network",
        "register_network",
        "nas.training.networks.timm_models:NETWORKS",
        ("models", "model"),
    ),
    "trackers": Kind("tracker", "register_tracker", "nas.tracking.options:TRACKERS", ("track",)),
}
"""All kinds, by the last word of the group of their entry points, ``lens_nas.<kind>``."""


class Registry(Generic[ThingT]):
    """The things of one kind by name.

    Args:
        kind: kind of the things, out of :data:`KINDS`.
        built_in: names that the toolkit itself knows, and looks up elsewhere.
        on_add: what else is done with a thing that is added; it raises a ``UserError`` for one that
            cannot be.

    Example:
        >>> birds = Registry[str]("samplers", ("robin",))
        >>> birds.add("wren", "a small bird")
        >>> birds.get("wren")
        'a small bird'
        >>> birds.add("robin", "another one")
        Traceback (most recent call last):
        nas.common.errors.UserError: the strategy 'robin' exists already: give yours another name
        >>> birds.require("wrem")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        nas.common.errors.UserError: there is no strategy 'wrem': ... did you mean wren?
    """

    def __init__(
        self,
        kind: str,
        built_in: Sequence[str] = (),
        on_add: Callable[[str, ThingT], None] = lambda name, thing: None,
    ) -> None:
        self.added: dict[str, ThingT] = {}
        """What was registered in this process, by name."""
        self.built_in = tuple(built_in)
        self._name, self._kind = kind, KINDS[kind]
        self._on_add = on_add

    @property
    def names(self) -> tuple[str, ...]:
        """All names; nothing is imported for them."""
        brought = (entry.name for entry in entries(self._name))
        return tuple(dict.fromkeys((*self.built_in, *self.added, *brought)))

    def require(self, name: str) -> None:
        """Check that there is one thing of this name, without importing it.

        Raises:
            UserError: there is none, or there are several.
        """
        if name not in self.names:
            known = ", ".join(self.names) or f"none, before one is registered ({self._register})"
            hint = did_you_mean(name, self.names)
            raise UserError(f"there is no {self._kind.noun} {name!r}: choose one of {known}{hint}")
        brought = [entry for entry in entries(self._name) if entry.name == name]
        if name in self.built_in and brought:
            raise UserError(
                f"{package_of(brought[0])} brings the {self._kind.noun} {name!r}, which exists "
                "already: have it renamed, or uninstall the package"
            )
        if len(brought) > 1:
            packages = " and ".join(map(package_of, brought))
            raise UserError(
                f"{packages} each bring the {self._kind.noun} {name!r}: uninstall one of them"
            )

    def add(self, name: str, thing: ThingT) -> None:
        """Register a thing.

        What comes from the same place in a program as before takes its place: cells of a notebook
        are run again.

        Raises:
            UserError: there is a thing of this name, or the name cannot be typed.
        """
        check_name(self._kind.noun, name)
        if name in self.built_in or (
            name in self.added and not same_source(self.added[name], thing)
        ):
            raise UserError(
                f"the {self._kind.noun} {name!r} exists already: give yours another name"
            )
        self._on_add(name, thing)
        self.added[name] = thing

    def get(self, name: str) -> ThingT:
        """Return what a plug-in registered; its module is imported if it was not.

        Raises:
            UserError: there is no such thing, or the module cannot be imported or does not register
                it.
        """
        if name not in self.added:
            self.require(name)
            (entry,) = (entry for entry in entries(self._name) if entry.name == name)
            load_plugin(self._kind, entry, lambda: name in self.added)
        return self.added[name]

    @property
    def _register(self) -> str:
        return self._kind.register


def import_named() -> None:
    """Import the modules that the variable LENS_NAS_PLUGINS names, separated by commas.

    They register what is in no package that is installed.

    Raises:
        UserError: one of them cannot be imported; nothing of it stays registered.
    """
    for name in filter(None, map(str.strip, os.environ.get(VARIABLE, "").split(","))):
        with _all_or_nothing():
            try:
                importlib.import_module(name)
            except (Exception, SystemExit) as error:
                raise UserError(
                    f"{VARIABLE} names {name}, which cannot be imported ({_reason(error)}): mend "
                    "it, or say in PYTHONPATH where it is"
                ) from error


def _reason(error: BaseException) -> str:
    said = (str(error).strip().splitlines() or [""])[0]
    return said if isinstance(error, UserError) else f"{type(error).__name__}: {said}"


def load_plugin(
    kind: Kind, entry: EntryPoint, registered: Callable[[], bool] = lambda: True
) -> None:
    """Import the module of a plug-in; of one that fails nothing stays registered.

    Args:
        kind: kind of what it brings.
        entry: entry point of the plug-in.
        registered: says afterwards whether it was registered.

    Raises:
        UserError: the module raised an exception, or registered nothing of the name.
    """
    what = f"the plug-in {package_of(entry)} ({entry.value}, {kind.noun} {entry.name!r})"
    with _all_or_nothing():
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            raise UserError(
                f"{what} cannot be loaded ({_reason(error)}): mend it, or uninstall the package"
            ) from error
        if not registered():
            raise UserError(
                f"{what} registers no {kind.noun} of that name: call {kind.register}("
                f"{entry.name!r}, …) in its module"
            )


@contextmanager
def _all_or_nothing() -> Iterator[None]:
    before = {kind: dict(registry.added) for kind, registry in _live()}
    try:
        yield
    except UserError:
        for kind, registry in _live():
            registry.added = before.get(kind, {})
        raise


def _live() -> Iterator[tuple[str, Any]]:
    """Yield the registries that this process has loaded; what was not loaded has nothing in it."""
    for name, kind in KINDS.items():
        if kind.registry.partition(":")[0] in sys.modules:
            yield name, resolve_name(kind.registry)


def registered() -> list[tuple[str, str, Any]]:
    """Return what workers need of what was registered here: kind, name and thing of each."""
    return [
        (kind, name, thing)
        for kind, registry in _live()
        if KINDS[kind].travels
        for name, thing in registry.added.items()
    ]


def register_again(things: Iterable[tuple[str, str, Any]]) -> None:
    """Register in another process what :func:`registered` returned, unless it was there."""
    for kind, name, thing in things:
        registry = resolve_name(KINDS[kind].registry)
        if name not in registry.added:
            registry.add(name, thing)


def entries(kind: str) -> list[EntryPoint]:
    """Return the entry points of a kind, those of this project left out."""
    return [
        entry
        for entry in _scanned(tuple(sys.path))
        if entry.group == f"lens_nas.{kind}" and package_of(entry) != "lens-nas"
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


def check_name(noun: str, name: object) -> None:
    """Check that a name can be typed in a flag, a list, and a line.

    Raises:
        UserError: it cannot.
    """
    if not (isinstance(name, str) and name and not set(name) & set(_RESERVED)):
        raise UserError(f"no {noun} can be called {name!r}: give a name of letters, digits and _")


def same_source(before: object, now: object) -> bool:
    """Return whether two functions or classes come from the same place in a program."""
    places = [
        (getattr(thing, "__module__", None), getattr(thing, "__qualname__", None))
        for thing in (before, now)
    ]
    return None not in places[0] and places[0] == places[1]
