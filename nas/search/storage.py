"""Databases of studies: opened, read, and named without their passwords."""

import sqlite3
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import ExperimentalWarning, OptunaError, StorageInternalError
from optuna.storages import BaseStorage, RDBStorage
from optuna.trial import FrozenTrial
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from nas.common.artefacts import DamageError, checked, short
from nas.common.errors import UserError
from nas.search.measures import directions
from nas.search.run_directory import StudyAddress
from nas.search.trials import check_trial

# What Optuna raises while it reads a database that holds something else than it wrote: attributes
# that are no JSON, unknown states and distributions, missing values, tables and columns.
_STUMBLES = (
    OptunaError,
    SQLAlchemyError,
    ImportError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    AssertionError,
    RuntimeError,
    ArithmeticError,
)


def without_password(url: str) -> str:
    """Return the URL of a database as it may be written down.

    Args:
        url: URL as SQLAlchemy reads it, with or without a password.

    Raises:
        UserError: The text is no such URL.

    Example:
        >>> without_password("postgresql://me:secret@host/searches")
        'postgresql://me:***@host/searches'
    """
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (SQLAlchemyError, ValueError) as error:
        raise UserError(
            f"{short(url)} is no address of a database ({short(error)}): give another --storage"
        ) from error


def open_storage(url: str) -> BaseStorage:
    """Open the database of a study, or make it.

    Args:
        url: URL as SQLAlchemy reads it, with its password.

    Raises:
        UserError: The database is damaged or cannot be reached, or its driver is not installed.
    """
    if "***" in url:
        raise UserError(
            f"the password of {url} is not kept in the run directory: give --storage again"
        )
    with using_database(url):
        return RDBStorage(url)


@contextmanager
def using_database(url: str, *, writing: bool = False) -> Iterator[None]:
    """Say that a database is damaged, where Optuna cannot make sense of it.

    Optuna believes what it reads, so that it may fail in any way.

    Args:
        url: URL of the database.
        writing: Whether something is written. That there is no room is left to
            :mod:`nas.search.room` then.

    Raises:
        UserError: The database is damaged or cannot be reached, or its driver is not installed.
    """
    try:
        yield
    except _STUMBLES as error:
        if writing and _has_no_room(error):
            raise
        reason = short(str(error) or type(error).__name__)
        raise UserError(
            f"the study's database {without_password(url)} cannot be opened, read or written "
            f"({reason}): mend it or its address, restore it from a copy, or start another search"
        ) from error


def cause_of(error: BaseException) -> BaseException | None:
    """Return why a database refuses, which Optuna hides behind an error of its own."""
    return error.__cause__ if isinstance(error, StorageInternalError) else error


def _has_no_room(error: Exception) -> bool:
    code = getattr(getattr(cause_of(error), "orig", None), "sqlite_errorcode", 0)
    return code & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY)


def read_trials(study: optuna.Study, url: str) -> list[FrozenTrial]:
    """Return all trials of a study, when what they say was checked.

    Args:
        study: Study whose trials are in a database.
        url: URL of the database, for the error message.

    Raises:
        UserError: The database is damaged.
    """
    with using_database(url):
        trials = study.get_trials()
        for number, trial in enumerate(trials):
            if trial.number != number:
                raise DamageError(f"trial {number} is missing")
            try:
                check_trial(trial)
            except DamageError as error:
                raise DamageError(f"trial {number}: {error}") from error
    return trials


def open_study(
    storage: BaseStorage,
    address: StudyAddress,
    objectives: Sequence[str],
    identity: Mapping[str, Any],
) -> tuple[int, dict[int, FrozenTrial]]:
    """Return the id of a study, which is made where there is none, and its trials by their ids.

    Args:
        storage: What :func:`open_storage` returns for the address.
        address: Where the study is kept.
        objectives: Names of :data:`nas.search.options.OBJECTIVES`, which Optuna's dashboard and
            plots then show.
        identity: JSON values that say what is searched.

    Raises:
        UserError: The database is damaged, or the study is of something else.
    """
    name = address.name
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with using_database(address.url):
        study = optuna.create_study(
            storage=storage,
            study_name=name,
            directions=directions(objectives),
            load_if_exists=True,
        )
        before = checked(dict[str, Any], study.user_attrs.get("identity", {}))
        if not before:
            study.set_user_attr("identity", dict(identity))
        study_id = storage.get_study_id_from_name(name)
        past = {
            storage.get_trial_id_from_study_id_trial_number(study_id, trial.number): trial
            for trial in read_trials(study, address.url)
        }
    for key in identity:
        if before and before.get(key) != identity[key]:
            raise UserError(
                f"the study {name} in {without_password(address.url)} was begun with "
                f"{key.replace('_', ' ')} {short(before.get(key))}, not {short(identity[key])}: "
                "give the former, or start another search with --run"
            )
    with using_database(address.url, writing=True), warnings.catch_warnings():
        # Optuna calls the names experimental. Studies of earlier versions have none.
        warnings.simplefilter("ignore", ExperimentalWarning)
        if study.metric_names is None:
            study.set_metric_names(list(objectives))
    return study_id, past


def read_study(address: StudyAddress) -> optuna.Study:
    """Open a study to read it.

    Args:
        address: Where the study is kept, as :meth:`RunDirectory.study` returns it.

    Raises:
        UserError: The study is gone or damaged, or its database cannot be reached.

    Example:
        A finished run is an ordinary Optuna study::

            from nas.search.run_directory import RunDirectory
            from nas.search.storage import read_study

            study = read_study(RunDirectory.newest().study(None))
            print(study.best_value, study.best_trial.user_attrs["architecture"])
    """
    file = Path(address.url.removeprefix("sqlite:///"))
    if address.url.startswith("sqlite:///") and not file.exists():
        raise UserError(f"{file} is gone")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(address.url)
    with using_database(address.url):
        study = optuna.load_study(study_name=address.name, storage=storage)
    read_trials(study, address.url)
    return study


def is_taken(address: StudyAddress) -> bool:
    """Return whether the database holds a study of this name already.

    Raises:
        UserError: The database is damaged or cannot be reached.
    """
    storage = open_storage(address.url)
    with using_database(address.url):
        return address.name in optuna.get_all_study_names(storage)
