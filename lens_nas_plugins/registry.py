"""The things of one kind by name."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Generic, TypeVar

from lens_nas_plugins.kinds import KINDS
from lens_nas_plugins.mistakes import UserError, did_you_mean
from lens_nas_plugins.packages import entries, load_plugin, package_of

ThingT = TypeVar("ThingT")

# Characters with a meaning in lists, in lines of architectures, and in the names of timm.
_RESERVED = ",/=:. "


def same_source(before: object, now: object) -> bool:
    """Return whether two functions or classes come from the same place in a program.

    Partial functions come from where their function does, and other objects that can be called from
    where their class does.

    Example:
        >>> same_source(partial(max, 1), partial(max, 2))
        True
        >>> same_source(max, min)
        False
    """
    return before is now or _place(before) == _place(now)


def _place(thing: Any) -> tuple[str, str]:
    while isinstance(thing, partial):
        thing = thing.func
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return named.__module__, named.__qualname__


class Registry(Generic[ThingT]):
    """The things of one kind by name.

    Args:
        kind: kind of the things, out of :data:`~lens_nas_plugins.kinds.KINDS`.
        built_in: names that the toolkit itself knows, and looks up elsewhere.
        mistake: type of what is raised.
        fits: whether something is a thing of this kind.
        same: whether a thing may take the place of another of its name.
        on_add: what else is done with a thing that is added; it raises a mistake for one that
            cannot be.
        on_remove: what takes that back, given the name.

    Example:
        >>> birds = Registry("samplers", ("robin",))
        >>> birds.add("wren", max)
        >>> birds.get("wren")
        <built-in function max>
        >>> birds.add("robin", max)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: the strategy 'robin' exists already: give yours ...
        >>> birds.require("wrem")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: there is no strategy 'wrem': ... did you mean wren?
    """

    def __init__(
        self,
        kind: str,
        built_in: Sequence[str] = (),
        *,
        mistake: type[UserError] = UserError,
        fits: Callable[[ThingT], bool] = callable,
        same: Callable[[ThingT, ThingT], bool] = same_source,
        on_add: Callable[[str, ThingT], None] = lambda name, thing: None,
        on_remove: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.added: dict[str, ThingT] = {}
        """What was registered in this process, by name."""
        self.built_in = tuple(built_in)
        self._name, self._kind, self._mistake = kind, KINDS[kind], mistake
        self._fits, self._same = fits, same
        self._on_add, self._on_remove = on_add, on_remove

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
        noun = self._kind.noun
        if name not in self.names:
            known = ", ".join(self.names) or f"none, before one is registered ({self._register})"
            hint = did_you_mean(name, self.names)
            raise self._refusal(f"there is no {noun} {name!r}: choose one of {known}{hint}")
        if name in self.built_in and (own := [one for one in self.added if _alike(one, name)]):
            raise self._exists(own[0])
        brought = [entry for entry in entries(self._name) if entry.name == name]
        if name in self.built_in and brought:
            raise self._refusal(
                f"{package_of(brought[0])} brings the {noun} {name!r}, which exists already: have "
                "it renamed, or uninstall the package"
            )
        if len(brought) > 1:
            packages = " and ".join(map(package_of, brought))
            raise self._refusal(f"{packages} each bring the {noun} {name!r}: uninstall one of them")

    def add(self, name: str, thing: ThingT) -> None:
        """Register a thing.

        What comes from the same place in a program as before takes its place: cells of a notebook
        are run again.

        Raises:
            UserError: there is a thing of this name, the name cannot be typed, or the thing is
                of another kind.
        """
        noun = self._kind.noun
        if not (isinstance(name, str) and name and not set(name) & set(_RESERVED)):
            raise self._refusal(
                f"no {noun} can be called {name!r}: give a name of letters, digits and _"
            )
        if not self._fits(thing):
            raise self.unfit(name)
        if any(_alike(one, name) for one in self.built_in):
            raise self._exists(name)
        if name in self.added:
            if not self._same(self.added[name], thing):
                raise self._exists(name)
            self._on_remove(name)
        self._on_add(name, thing)
        self.added[name] = thing

    def get(self, name: str) -> ThingT:
        """Return what a plug-in registered; its module is imported if it was not.

        Raises:
            UserError: there is no such thing, or the module cannot be imported or does not
                register it.
        """
        if name not in self.added:
            self.require(name)
            (entry,) = (entry for entry in entries(self._name) if entry.name == name)
            load_plugin(self._name, entry, self._mistake, lambda: name in self.added)
        return self.added[name]

    def restore(self, added: dict[str, ThingT]) -> None:
        """Have registered what was registered before, and nothing else."""
        for name in self.added.keys() - added.keys():
            self._on_remove(name)
        self.added = added

    def unfit(self, name: str) -> UserError:
        """Return the mistake of registering something of another kind."""
        return self._refusal(
            f"the {self._kind.noun} {name!r} cannot be registered: give {self._register} "
            f"{self._kind.given}"
        )

    def _exists(self, name: str) -> UserError:
        return self._refusal(
            f"the {self._kind.noun} {name!r} exists already: give yours another name"
        )

    def _refusal(self, sentence: str) -> UserError:
        return self._mistake(f"{sentence}{self._mistake.end}")

    @property
    def _register(self) -> str:
        return self._kind.register


def _alike(one: str, other: str) -> bool:
    """Return whether two names differ in capitals at most."""
    return one.lower() == other.lower()
