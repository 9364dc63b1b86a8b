"""The one exception type for mistakes that a user can make and mend."""


class UserError(Exception):
    """A mistake of the user's.

    The message is one sentence that names the thing and says what to do. Commands print it without
    a traceback and exit with status 2; any other exception is a bug of ours and stays loud.

    Example:
        >>> from nas.search.settings import SearchSettings
        >>> try:
        ...     SearchSettings(trials=0)
        ... except UserError as mistake:
        ...     print(mistake)
        --trials 0 cannot be used: give 1 or more
    """

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the sentence, for the mistake is in the cell above it."""
        return [f"{type(self).__name__}: {self}"]
