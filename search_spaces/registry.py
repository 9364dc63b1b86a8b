"""The search spaces by name: those of the toolkit, and those that others register."""

from collections.abc import Callable
from functools import cache

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
from search_spaces.own import SPACES, Builder, OwnSpace
from search_spaces.presets import hybrid_nano, hybrid_small, lens_bench, lens_nano, lens_small
from search_spaces.space import SearchSpace, nearest
from search_spaces.tabular import nas_bench_201, nas_bench_macro

_SPACES: dict[str, Callable[[], SearchSpace]] = {
    make.__name__: make
    for make in (
        lens_nano,
        lens_small,
        hybrid_nano,
        hybrid_small,
        lens_bench,
        nas_bench_macro,
        nas_bench_201,
    )
}

SPACES.built_in = tuple(_SPACES)


def list_spaces() -> list[str]:
    """Return the names of all search spaces, those of plug-ins last.

    Example:
        >>> import search_spaces
        >>> search_spaces.list_spaces()[:4]
        ['lens_nano', 'lens_small', 'hybrid_nano', 'hybrid_small']
    """
    return list(SPACES.names)


def register_space(
    name: str,
    space: SearchSpace,
    build: Builder | None = None,
    *,
    params: Callable[..., int] | None = None,
    flops: Callable[..., int] | None = None,
) -> None:
    """Register a search space of one's own, whose networks a function of one's own builds.

    It is then known by its name like those of the toolkit. Its networks share no weights, so they
    are scored from scratch. Workers get what a program registers; other commands must import the
    module that does so, which the entry point ``lens_nas.spaces`` of an installed package names.

    Args:
        name: Name of the space.
        space: Genes and rules; its own name is the same.
        build: Returns the network of an architecture, given the architecture, ``in_chans`` and
            ``num_classes``: a module that takes images (B, in_chans, H, W) and returns logits
            (B, num_classes). None registers a space without networks.
        params: Returns the number of parameters, given the same; None counts those of the built
            network.
        flops: Returns the floating-point operations for one image, given the architecture,
            ``image_size``, ``in_chans`` and ``num_classes``; None counts those of the built
            network.

    Raises:
        SpaceError: There is a space or a model of timm of this name, the space has another name, or
            something given is no space or no function.

    Example:
        >>> from torch import nn
        >>> from search_spaces import Gene, SearchSpace, build_network, params, register_space
        >>> space = SearchSpace("plain_nets", [Gene("width", (8, 16)), Gene("kernel", (3, 5))])
        >>> def build(architecture, in_chans, num_classes):
        ...     width = architecture["width"]
        ...     return nn.Sequential(
        ...         nn.Conv2d(in_chans, width, architecture["kernel"]),
        ...         nn.ReLU(),
        ...         nn.AdaptiveAvgPool2d(1),
        ...         nn.Flatten(),
        ...         nn.Linear(width, num_classes),
        ...     )
        >>> register_space("plain_nets", space, build)
        >>> params(space.parse("plain_nets/width=8,kernel=3"))
        107
        >>> build_network("plain_nets", "plain_nets/width=16,kernel=5")[0]
        Conv2d(1, 16, kernel_size=(5, 5), stride=(1, 1))
    """
    if not isinstance(space, SearchSpace):
        raise SPACES.unfit(name)
    if name != space.name:
        raise SpaceError(
            f"the space {space.name!r} cannot be registered as {name!r}: architectures carry the "
            "name of their space, so give both the same."
        )
    if not name.isidentifier():
        raise SpaceError(
            f"a search space cannot be called {name!r}: give a name of letters, digits and _."
        )
    SPACES.add(name, OwnSpace(space, build, params, flops))


def get_space(name: str) -> SearchSpace:
    """Return the search space of this name.

    A second call returns the same object.

    Raises:
        SpaceError: no search space has this name, or the plug-in that has it cannot be loaded.

    Example:
        >>> import search_spaces
        >>> space = search_spaces.get_space("hybrid_nano")
        >>> len(space)
        4999796928
        >>> list(space.named)
        ['coatnet_like', 'pure_mbconv', 'attention_heavy']
    """
    if name in _SPACES:
        return _made(name)
    if name not in SPACES.names:
        known = list_spaces()
        raise SpaceError(
            f"there is no search space {name!r}{nearest(name, known)}; there are "
            f"{', '.join(known)}; a space of your own must be registered first, by this program, "
            "an installed package, or a module that LENS_NAS_PLUGINS names."
        )
    return SPACES.get(name).space


@cache
def _made(name: str) -> SearchSpace:
    SPACES.require(name)
    return _SPACES[name]()


def find_architecture(text: str, space: str) -> Architecture:
    """Return the architecture of a line, which names its space, or of a name that a space knows.

    Args:
        text: What ``str(architecture)`` wrote, or the name of a named architecture.
        space: Name of the space that is meant where the text is a name.

    Raises:
        SpaceError: there is no such space, or the text is no architecture of it.

    Example:
        >>> import search_spaces
        >>> tiny = search_spaces.find_architecture("symmetric_tiny", "lens_nano")
        >>> search_spaces.find_architecture(str(tiny), "hybrid_nano") == tiny
        True
    """
    return get_space(text.partition("/")[0] if "/" in text else space).parse(text)
