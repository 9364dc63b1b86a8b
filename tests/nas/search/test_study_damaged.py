"""A study's database may hold anything: one sentence names it, and nothing is believed."""

import copy
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from nas.common.artefacts import DamageError
from nas.search.run_directory import StudyAddress
from nas.search.storage import read_study
from nas.search.trials import check_trial, to_candidate
from tests.mutations import mutants, survives
from tests.nas.search.studies import finish, settle, study

VALUES = (None, -1, "x", "[]")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of one candidate that is done, and one that a kill left."""
    path = tmp_path_factory.mktemp("study") / "study.db"
    searched = study(path, 2)
    task = searched.next()
    assert task is not None
    searched.report(task.number, 1, 0.7)
    settle(searched, task)
    assert searched.next() is not None
    return path


def cells(path: Path) -> list[tuple[str, str, int]]:
    """Return every column of every table, with the first and the last row."""
    with sqlite3.connect(path) as database:
        tables = [
            name
            for (name,) in database.execute("select name from sqlite_master where type='table'")
        ]
        found = []
        for table in tables:
            columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
            rows = [row for (row,) in database.execute(f"select rowid from {table}")]
            found += [
                (table, column, row)
                for column in columns
                for row in dict.fromkeys(rows[:1] + rows[-1:])
            ]
    return found


def test_every_cell_is_checked(whole: Path, tmp_path: Path) -> None:
    path, outcomes = tmp_path / "study.db", []
    for table, column, row in cells(whole):
        for value in VALUES:
            shutil.copy(whole, path)
            try:
                with sqlite3.connect(path) as database:
                    database.execute("pragma foreign_keys = off")
                    database.execute(
                        f"update {table} set {column} = ? where rowid = ?", (value, row)
                    )
            except sqlite3.IntegrityError:
                continue  # SQLite itself refuses it.
            try:
                outcomes.append(survives(lambda: finish(study(path, 2)), path))
            except Exception as error:
                raise AssertionError(f"{table}.{column} is {value!r:.20}") from error
    assert not all(outcomes)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("trial_params", "distribution_json", '{"name": "NoDistribution", "attributes": {}}'),
        ("trial_params", "distribution_json", '{"name": "IntDistribution", "attributes": 3}'),
        ("trial_params", "distribution_json", "[" * 50_000),
        ("trial_params", "param_value", 1e999),
        ("trial_values", "value", None),
        ("trial_intermediate_values", "intermediate_value", "high"),
        ("trial_user_attributes", "value_json", "[" * 50_000),
        ("trial_user_attributes", "value_json", "NaN"),
        ("trials", "state", "DREAMING"),
        ("trials", "number", 7),
        ("trials", "datetime_complete", "yesterday"),
        ("study_directions", "direction", "SIDEWAYS"),
        ("study_user_attributes", "value_json", "5"),
    ],
)
def test_values_that_optuna_does_not_know(
    whole: Path, tmp_path: Path, table: str, column: str, value: Any
) -> None:
    path = Path(shutil.copy(whole, tmp_path / "study.db"))
    with sqlite3.connect(path) as database:
        database.execute(f"update {table} set {column} = ?", (value,))
    assert not survives(lambda: finish(study(path, 2)), path)


@pytest.mark.parametrize(
    "table", ["trials", "studies", "trial_params", "alembic_version", "version_info"]
)
def test_a_missing_table(whole: Path, tmp_path: Path, table: str) -> None:
    path = Path(shutil.copy(whole, tmp_path / "study.db"))
    with sqlite3.connect(path) as database:
        database.execute(f"drop table {table}")
    survives(lambda: read_study(StudyAddress(f"sqlite:///{path}", "search")), path)
    survives(lambda: finish(study(path, 2)), path)


def test_what_a_trial_says(whole: Path) -> None:
    done, _ = read_study(StudyAddress(f"sqlite:///{whole}", "search")).trials
    to_candidate(done)
    outcomes = []
    for _, attributes in mutants(done.user_attrs):
        trial = copy.copy(done)
        trial.user_attrs = attributes
        try:
            check_trial(trial)
        except DamageError:
            outcomes.append(False)
        else:
            outcomes.append(bool(to_candidate(trial).to_json()))
    assert not all(outcomes)
