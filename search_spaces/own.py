"""Search spaces of one's own: genes of one's own, whose networks a function of one's own builds.

They are registered by a program, or by the module that an installed package names in an entry point
of the group ``lens_nas.spaces``, under the name of the space. The module is imported when that name
is asked for.
"""

import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import timm
import torch
from timm.models import register_model
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.space import SearchSpace

_GROUP = "lens_nas.spaces"

# So many networks have their costs remembered.
_REMEMBERED = 2**14

Builder = Callable[..., nn.Module]
"""``build(architecture, in_chans, num_classes)``: returns a network of images (B, C, H, W)."""


@dataclass(frozen=True)
class OwnSpace:
    """A search space with what is known of its networks.

    Attributes:
        space: genes and rules.
        build: builds a network; None where there are no networks.
        params: counts the parameters, given architecture, ``in_chans`` and ``num_classes``; None
            counts those of the built network.
        flops: counts the floating-point operations, given architecture, ``image_size``,
            ``in_chans`` and ``num_classes``; None counts those of the built network.
    """

    space: SearchSpace
    build: Builder | None = None
    params: Callable[..., int] | None = None
    flops: Callable[..., int] | None = None

    def network(
        self,
        architecture: Architecture,
        in_chans: int,
        num_classes: int,
        **options: Any,
    ) -> nn.Module:
        """Build a network with new weights.

        Args:
            architecture: architecture of the space.
            in_chans: channels of the images.
            num_classes: classes to tell apart.
            options: further arguments, where somebody gives them; not every builder takes them.

        Raises:
            SpaceError: there is no builder, or it builds something else.
        """
        if self.build is None:
            raise SpaceError(
                f"{self.space.name} has no builder of networks: register it with one, "
                f"register_space({self.space.name!r}, space, build=…)."
            )
        network = self.build(architecture, in_chans, num_classes, **options)
        if not isinstance(network, nn.Module):
            raise SpaceError(
                f"the builder of {self.space.name} returned {type(network).__name__}: let it "
                "return a torch.nn.Module."
            )
        return network


class OwnSpaces:
    """The search spaces of one's own by name.

    Attributes:
        added: those that were registered in this process.
    """

    def __init__(self) -> None:
        self.added: dict[str, OwnSpace] = {}

    @property
    def names(self) -> list[str]:
        """All names; nothing is imported for them."""
        return list(dict.fromkeys([*self.added, *(entry.name for entry in _entries())]))

    def add(self, name: str, own: OwnSpace) -> None:
        """Register a space.

        One whose networks the same function of a program builds takes the place of the former:
        cells of a notebook are run again.

        Raises:
            SpaceError: there is a space or a model of timm of this name.
        """
        if name in self.added and not _same_function(self.added[name].build, own.build):
            raise SpaceError(f"there is a search space {name!r} already: give yours another name.")
        if own.build is not None:
            _show_timm(name, own.build)
        self.added[name] = own

    def get(self, name: str) -> OwnSpace | None:
        """Return the space of a name, if there is one; its module is imported if it was not.

        Raises:
            SpaceError: the module of a package cannot be imported, or does not register the space.
        """
        if name not in self.added:
            for entry in self.brought(name):
                self._load(entry)
        return self.added.get(name)

    def brought(self, name: str) -> list[EntryPoint]:
        """Return the entry points of packages that bring a space of this name."""
        return [entry for entry in _entries() if entry.name == name]

    def _load(self, entry: EntryPoint) -> None:
        what = f"the plug-in {package_name(entry)} ({entry.value}, search space {entry.name!r})"
        before = dict(self.added)
        try:
            entry.load()
        except (Exception, SystemExit) as error:
            self.added = before
            said = (str(error).strip().splitlines() or [""])[0]
            reason = said if isinstance(error, SpaceError) else f"{type(error).__name__}: {said}"
            raise SpaceError(
                f"{what} cannot be loaded ({reason.rstrip('.')}): mend it, or uninstall the "
                "package."
            ) from error
        if entry.name not in self.added:
            self.added = before
            raise SpaceError(
                f"{what} registers no search space of that name: call register_space("
                f"{entry.name!r}, …) in its module."
            )


SPACES = OwnSpaces()
"""Those of this process."""


def package_name(entry: EntryPoint) -> str:
    """Return the name of the package that brings an entry point."""
    return entry.dist.name if entry.dist is not None else entry.value


def own_params(architecture: Architecture, in_chans: int, num_classes: int) -> int | None:
    """Return the parameters of a network of one's own; None for one of the toolkit's."""
    own = SPACES.added.get(architecture.space)
    if own is None:
        return None
    if own.params is not None:
        return own.params(architecture, in_chans, num_classes)
    return _counted_params(own, architecture, in_chans, num_classes)


def own_flops(
    architecture: Architecture, image_size: int, in_chans: int, num_classes: int
) -> int | None:
    """Return the operations of a network of one's own; None for one of the toolkit's."""
    own = SPACES.added.get(architecture.space)
    if own is None:
        return None
    if own.flops is not None:
        return own.flops(architecture, image_size, in_chans, num_classes)
    return _counted_flops(own, architecture, image_size, in_chans, num_classes)


@lru_cache(maxsize=_REMEMBERED)
def _counted_params(
    own: OwnSpace, architecture: Architecture, in_chans: int, num_classes: int
) -> int:
    network = _built(own, architecture, in_chans, num_classes)
    return sum(weight.numel() for weight in network.parameters())


@lru_cache(maxsize=_REMEMBERED)
def _counted_flops(
    own: OwnSpace, architecture: Architecture, image_size: int, in_chans: int, num_classes: int
) -> int:
    network = _built(own, architecture, in_chans, num_classes).eval()
    try:
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            network(torch.zeros(1, in_chans, image_size, image_size))
    except (RuntimeError, ValueError, AssertionError) as error:
        reason = str(error).strip().partition("\n")[0]
        raise SpaceError(
            f"the network of {architecture} cannot take an image of {in_chans} × {image_size} × "
            f"{image_size} ({reason}): mend the builder of the space, or take larger images."
        ) from error
    return int(counter.get_total_flops())


def _show_timm(name: str, build: Builder) -> None:
    """Let timm build the networks of a space by its name, as it does those of the toolkit."""

    def network(
        architecture: Architecture | str | None = None,
        in_chans: int = 1,
        num_classes: int = 3,
        **options: Any,
    ) -> nn.Module:
        own = SPACES.added[name]
        if architecture is None:
            architecture = next(iter(own.space.named.values()), own.space.smallest)
        elif isinstance(architecture, str):
            architecture = own.space.parse(architecture)
        own.space.validate(architecture)
        return own.network(architecture, in_chans, num_classes, **options)

    show_timm(name, network, module_of(build))


def show_timm(name: str, build: Callable[..., nn.Module], module: str) -> None:
    """Let timm build networks by a name; what the same function showed before is replaced.

    Args:
        name: name that timm shall know.
        build: returns a network, given timm's keywords without those of pretrained weights.
        module: module that must be imported for timm to know the name.

    Raises:
        SpaceError: timm has a model of this name.
    """

    def entry(pretrained: bool = False, **options: Any) -> nn.Module:
        of_timm = {key for key in options if key.startswith("pretrained_cfg")} | {"cache_dir"}
        return build(**{key: value for key, value in options.items() if key not in of_timm})

    if timm.is_model(name) and not is_shown(name):
        raise SpaceError(f"timm has a model {name!r} already: give yours another name.")
    entry.__name__ = name
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # timm warns of what is replaced
        register_model(entry)
    entry.__module__ = module


def module_of(build: Builder) -> str:
    """Return the module in which a builder is; a partial function has none."""
    return getattr(build, "__module__", None) or type(build).__module__


def is_shown(name: str) -> bool:
    """Return whether :func:`show_timm` showed timm the model of this name."""
    shown: str = timm.model_entrypoint(name).__qualname__
    return shown.startswith(show_timm.__qualname__)


def _built(own: OwnSpace, architecture: Architecture, in_chans: int, num_classes: int) -> nn.Module:
    """Build a network whose weights do not matter; no random number is used up."""
    with torch.random.fork_rng([]):
        return own.network(architecture, in_chans, num_classes)


def _same_function(before: Builder | None, now: Builder | None) -> bool:
    """Return whether two builders come from the same place in a program."""
    places = [
        (getattr(build, "__module__", None), getattr(build, "__qualname__", None))
        for build in (before, now)
    ]
    return None not in places[0] and places[0] == places[1]


def _entries() -> tuple[EntryPoint, ...]:
    return _scanned(tuple(sys.path))


@lru_cache(maxsize=1)
def _scanned(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    # To look for them takes a twentieth of a second.
    return tuple(entry_points(group=_GROUP))
