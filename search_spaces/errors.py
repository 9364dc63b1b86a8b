"""The exception for a user's mistakes about search spaces and architectures."""


class SpaceError(ValueError):
    """A mistake of the user's about a search space or an architecture.

    The message is one sentence that names the gene or thing, what was given, and what is allowed.
    """

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the sentence, for the mistake is in the cell above it."""
        return [f"{type(self).__name__}: {self}"]
