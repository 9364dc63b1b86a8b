"""Databases of studies: opened, read, and named without their passwords."""

from pathlib import Path

import optuna
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from nas.common.errors import UserError
from nas.search.run_directory import StudyAddress


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
    except SQLAlchemyError as error:
        raise _unopened(error) from error


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
    try:
        return RDBStorage(url)
    except (SQLAlchemyError, RuntimeError, ImportError, ValueError) as error:
        raise _unopened(error) from error


def _unopened(error: Exception) -> UserError:
    reason = str(error).splitlines()[0]
    return UserError(
        f"the study's database cannot be opened ({reason}): mend it or its address, or start "
        "another search"
    )


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
    try:
        return optuna.load_study(study_name=address.name, storage=open_storage(address.url))
    except (SQLAlchemyError, KeyError, ValueError, RuntimeError) as error:
        raise UserError(f"the study {address.name} in {address.url} is damaged") from error


def is_taken(address: StudyAddress) -> bool:
    """Return whether the database holds a study of this name already.

    Raises:
        UserError: The database is damaged or cannot be reached.
    """
    return address.name in optuna.get_all_study_names(open_storage(address.url))
