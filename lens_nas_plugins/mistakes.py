"""Mistakes that users can make and mend, and the sentences that tell of them."""

import difflib
import traceback
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import ClassVar


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

    of_plugin: bool = False
    """Whether a function of a plug-in raised the cause, so that its author wants the traceback."""
    end: ClassVar[str] = ""
    """What stands at the end of a sentence."""

    def code(self) -> list[str]:
        """Return the traceback of a plug-in's function that failed; of other mistakes nothing."""
        if not self.of_plugin or self.__cause__ is None:
            return []
        return "".join(traceback.format_exception(self.__cause__)).splitlines()

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows: the sentence, for the mistake is in the cell above it."""
        return [*self.code(), f"{type(self).__name__}: {self}"]


@contextmanager
def plugin_code(mistake: type[UserError], what: str, *passed_on: type[Exception]) -> Iterator[None]:
    """Run a function of a plug-in; that it raised an exception becomes a mistake that names it.

    Args:
        mistake: type of the mistake.
        what: the plug-in, as sentences call it.
        passed_on: exceptions that the caller answers; so are mistakes.

    Raises:
        UserError: the function failed; the cause is what it raised.

    Example:
        >>> with plugin_code(UserError, "the layout listed"):  # doctest: +ELLIPSIS
        ...     {}["name"]
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: the layout listed failed (KeyError: 'name', ...
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, (UserError, *passed_on)):
            raise
        last = traceback.extract_tb(error.__traceback__)[-1]
        made = mistake(
            f"{what} failed ({reason(error)}, {last.filename}, line {last.lineno}): mend its "
            f"function{mistake.end}"
        )
        made.of_plugin = True
        raise made from error


def reason(error: BaseException) -> str:
    """Return why something failed, in one line."""
    said = (str(error).strip().splitlines() or [""])[0].removesuffix(".")
    return said if isinstance(error, UserError) else f"{type(error).__name__}: {said}"


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return ``; did you mean …?`` with the known words that are most like one; else nothing.

    Example:
        >>> did_you_mean("--trial", ["--trials", "--track"])
        '; did you mean --trials?'
    """
    matches = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean {matches[0]}?" if matches else ""
