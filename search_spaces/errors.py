"""The exception for a user's mistakes about search spaces and architectures."""

from lens_nas_plugins.mistakes import UserError


class SpaceError(UserError, ValueError):
    """A mistake of the user's about a search space or an architecture.

    The message is one sentence that names the gene or thing, what was given, and what is allowed.
    """

    end = "."
