"""Keywords become the settings of a command, as its flags do, and with the same checks."""

import dataclasses
import difflib
import functools
import inspect
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from nas.common.cli import from_plain
from nas.common.errors import UserError
from nas.data.dataset import LensDataset
from nas.data.options import ReadOptions

SettingsT = TypeVar("SettingsT")
_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_FLAG = re.compile(r"(?<![\w-])--([a-z][a-z0-9-]*)")


def settings_from(
    kind: type[SettingsT],
    keywords: Mapping[str, Any],
    check: Callable[[SettingsT], None] = lambda settings: None,
) -> SettingsT:
    """Return the settings of a command.

    A data set stands for its directory and for how that was read.

    Args:
        kind: dataclass of the settings.
        keywords: values by the names of its fields; a dictionary stands for settings in a group.
        check: what the command checks before any work.

    Raises:
        UserError: there is no such setting, or a value cannot be used, such as an array for a
            directory.

    Example:
        >>> from nas.search.settings import SearchSettings
        >>> settings_from(SearchSettings, {"trials": 5, "augmentation": {"shift": 0}}).trials
        5
        >>> settings_from(SearchSettings, {"final_seeds": 0})
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: final_seeds 0 cannot be used: give 1 or more
        >>> settings_from(SearchSettings, {"trails": 5})
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: there is no setting trails: did you mean trials?
    """
    fields: Any = dataclasses.fields(kind)  # type: ignore[arg-type]
    names = [field.name for field in fields]
    if unknown := [name for name in keywords if name not in names]:
        near = difflib.get_close_matches(unknown[0], names, n=1)
        hint = f"did you mean {near[0]}?" if near else f"give any of {', '.join(names)}"
        raise UserError(f"there is no setting {unknown[0]}: {hint}")
    with said_in_python():
        settings = from_plain(kind, _in_yaml(names, keywords))
        check(settings)
    return settings


@contextmanager
def said_in_python() -> Iterator[None]:
    """Call flags keywords in the sentences of mistakes, but for those of a command to type.

    Example:
        >>> with said_in_python():
        ...     raise UserError("--run is taken: see python -m nas.search --help")
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: run is taken: see python -m nas.search --help
    """
    try:
        yield
    except UserError as error:
        said, *typed = re.split("(?=python -m)", str(error), maxsplit=1)
        error.args = ("".join([_FLAG.sub(lambda flag: flag[1].replace("-", "_"), said), *typed]),)
        raise


def refuse_arrays(data: Any) -> None:
    """Check that what stands for a data directory is a path, and no array of images.

    Raises:
        UserError: it is something else.

    Example:
        >>> refuse_arrays([[0.5, 0.7]])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: data is of type list and no directory: make ...
    """
    if not isinstance(data, str | os.PathLike):
        raise UserError(
            f"data is of type {type(data).__name__} and no directory: make a data set of arrays "
            "with api.from_arrays(images, labels), or ask a network of them with "
            "api.Classifier.load(checkpoint).predict_proba(images)"
        )


def command_line(module: str, kind: type, keywords: Mapping[str, Any]) -> str:
    """Return the command that does what a function of the API does with these keywords.

    Args:
        module: module of the command, for example ``nas.search``.
        kind: dataclass of its settings.
        keywords: values that :func:`settings_from` takes.

    Example:
        >>> from nas.search.settings import SearchSettings
        >>> given = {"trials": 5, "augmentation": {"shift": 0}, "compile": True}
        >>> command_line("nas.search", SearchSettings, given)
        'python -m nas.search --trials 5 --augmentation.shift 0 --compile'
    """
    names = [field.name for field in dataclasses.fields(kind)]
    return shlex.join(["python", "-m", module, *_flags(_in_yaml(names, keywords))])


def shows_settings(
    kind: type,
) -> Callable[[Callable[_Given, _Result]], Callable[_Given, _Result]]:
    """Let notebooks show and complete the settings that a function takes as keywords.

    Args:
        kind: dataclass of the settings.

    Example:
        >>> import inspect
        >>> from nas.data.options import ReadOptions
        >>> @shows_settings(ReadOptions)
        ... def look(directory, **options): ...
        >>> list(inspect.signature(look).parameters)[:3]
        ['directory', 'channel_axis', 'crop']
    """

    def show(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
        own = inspect.signature(function)
        named = [item for item in own.parameters.values() if item.kind is not item.VAR_KEYWORD]
        taken = {item.name for item in named}
        shown = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=_default(field),
                annotation=field.type,
            )
            for field in dataclasses.fields(kind)
            if field.name not in taken
        ]

        @functools.wraps(function)
        def shown_function(*args: _Given.args, **kwargs: _Given.kwargs) -> _Result:
            return function(*args, **kwargs)

        shown_function.__signature__ = own.replace(  # type: ignore[attr-defined]
            parameters=[*named, *shown]
        )
        return shown_function

    return show


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return inspect.Parameter.empty if field.default is dataclasses.MISSING else field.default


def _in_yaml(names: list[str], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords as a YAML file of these settings would have them."""
    data = keywords.get("data")
    if isinstance(data, LensDataset):
        read_as = {
            name: value
            for name, value in vars(data.options).items()
            if name in names and value != getattr(ReadOptions, name)
        }
        keywords = {**read_as, **keywords, "data": data.directory}
    elif data is not None:
        refuse_arrays(data)
    return {name: _plain(value) for name, value in keywords.items()}


def _flags(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Yield the flags of a command that stand for values of a YAML file."""
    for name, value in values.items():
        flag = prefix + name.replace("_", "-")
        if isinstance(value, Mapping):
            yield from _flags(value, f"{flag}.")
        elif isinstance(value, bool):
            yield f"--{flag}" if value else f"--no-{flag}"
        elif isinstance(value, list):
            yield from (f"--{flag}", ",".join(map(str, value)))
        elif value is not None:  # which is what a flag has that is left out
            yield from (f"--{flag}", str(value))


def _plain(value: Any) -> Any:
    """Return a value as it would stand in a YAML file of settings."""
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)
