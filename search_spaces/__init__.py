"""What can be built: search spaces, architectures, the supernet and the networks that come out of it."""

from search_spaces.errors import SpaceError

__all__ = ["SpaceError"]
