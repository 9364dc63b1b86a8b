"""Search spaces by name."""

from collections.abc import Callable
from functools import cache

from search_spaces.errors import SpaceError
from search_spaces.presets import hybrid_nano, hybrid_small
from search_spaces.space import SearchSpace, nearest
from search_spaces.tabular import nas_bench_201, nas_bench_macro

_SPACES: dict[str, Callable[[], SearchSpace]] = {
    make.__name__: make for make in (hybrid_nano, hybrid_small, nas_bench_macro, nas_bench_201)
}


def list_spaces() -> list[str]:
    """The names of all search spaces."""
    return list(_SPACES)


@cache
def get_space(name: str) -> SearchSpace:
    """The search space of that name.

    Raises:
        SpaceError: there is none.
    """
    if name not in _SPACES:
        raise SpaceError(
            f"there is no search space {name!r}{nearest(name, _SPACES)}; there are "
            f"{', '.join(_SPACES)}."
        )
    return _SPACES[name]()
