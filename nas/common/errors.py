"""The one exception type for mistakes that a user can make and mend."""

from lens_nas_plugins.mistakes import MistakeError


class UserError(MistakeError):
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
