"""The search spaces of the toolkit, by name."""

from collections.abc import Callable
from functools import cache

from search_spaces.architecture import Architecture
from search_spaces.errors import SpaceError
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


def list_spaces() -> list[str]:
    """Return the names of all search spaces.

    Example:
        >>> import search_spaces
        >>> search_spaces.list_spaces()[:4]
        ['lens_nano', 'lens_small', 'hybrid_nano', 'hybrid_small']
    """
    return list(_SPACES)


@cache
def get_space(name: str) -> SearchSpace:
    """Return the search space of this name.

    A second call returns the same object.

    Raises:
        SpaceError: no search space has this name.

    Example:
        >>> import search_spaces
        >>> space = search_spaces.get_space("hybrid_nano")
        >>> len(space)
        4999796928
        >>> list(space.named)
        ['coatnet_like', 'pure_mbconv', 'attention_heavy']
    """
    if name not in _SPACES:
        raise SpaceError(
            f"there is no search space {name!r}{nearest(name, _SPACES)}; there are "
            f"{', '.join(_SPACES)}."
        )
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
