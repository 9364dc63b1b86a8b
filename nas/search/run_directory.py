"""The directory of one search: what was asked, what it ran on, what came out.

    config.yaml        every setting, in the form that --config reads
    environment.json   command, versions, hardware, commit and data set of every start
    study.db           the history, an Optuna study; with --storage it is in a database elsewhere
    candidates.csv     one line for each candidate, written anew from the study
    best.json          the winner and the Pareto set, written anew from the study
    supernet/          the shared weights, where candidates inherit
    candidates/        checkpoints of candidates that were trained
    finals/            trainings of the finalists, and their predictions of validation images
    tracking/          curves, where they are files
    search.log         what happened when
    lock               held while a search runs

The study is the one source of truth: a search that goes on reads the study, and none of the tables.
Every file is written whole or not at all.
"""

import csv
import datetime
import io
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nas.common.artefacts import checked, read_json, read_table, read_yaml, reading
from nas.common.errors import UserError
from nas.common.files import RUNS, write_json, write_text
from nas.common.lock import held
from nas.common.rules import Count, Text
from nas.search.result import COLUMNS, Best, Candidate


@dataclass(frozen=True)
class StudyAddress:
    """Where a study is kept.

    Attributes:
        url: URL of the database.
        name: Name of the study in the database.

    Example:
        >>> run = RunDirectory(Path("results/runs/mine"))
        >>> run.study(None).name
        'search'
        >>> run.study("postgresql://host/searches")
        StudyAddress(url='postgresql://host/searches', name='mine')
    """

    url: str
    name: str


@dataclass(frozen=True)
class _Told:
    """The settings of a run that are told of it, where they were written down."""

    strategy: Text = ""
    latency_batch: Count | None = None
    storage: Text | None = None


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run; nothing is held open.

    Attributes:
        path: Path of the directory.

    Example:
        >>> import tempfile
        >>> from nas.search.result import Candidate
        >>> with tempfile.TemporaryDirectory() as runs:
        ...     run = RunDirectory(Path(runs) / "mine")
        ...     run.path.mkdir()
        ...     run.write_config({"space": "hybrid_nano"})
        ...     run.write_candidates(
        ...         [Candidate(number=0, state="running", architecture="a", params=5, flops=6)]
        ...     )
        ...     again = RunDirectory.open(run.path)
        ...     again.config()["space"], again.candidates()[0].state
        ('hybrid_nano', 'running')
    """

    path: Path

    @staticmethod
    def open(path: Path) -> "RunDirectory":
        """Return the run in a directory.

        Args:
            path: Path of the directory.

        Raises:
            UserError: The directory holds no run.

        Example:
            >>> RunDirectory.open(Path("nowhere"))  # doctest: +ELLIPSIS
            Traceback (most recent call last):
            ...
            lens_nas_plugins.mistakes.UserError: nowhere is not the directory of a search: ...
        """
        run = RunDirectory(path)
        if not run.config_file.is_file():
            raise UserError(
                f"{path} is not the directory of a search: give one of {RUNS}, or run python -m "
                "nas.search"
            )
        return run

    def require_new(self) -> None:
        """Check that no search has begun here.

        Raises:
            UserError: The directory holds a run.
        """
        if self.config_file.exists():
            raise UserError(
                f"{self.path} holds a search already: go on with --resume {self.path}, or give "
                "another --run"
            )

    @staticmethod
    def newest(root: Path = RUNS) -> "RunDirectory":
        """Return the run whose outcome was written last.

        Args:
            root: Directory of all runs.

        Raises:
            UserError: No run has an outcome yet.

        Example:
            >>> import tempfile
            >>> with tempfile.TemporaryDirectory() as runs:
            ...     run = RunDirectory(Path(runs) / "mine")
            ...     run.path.mkdir()
            ...     run.write_config({"space": "hybrid_nano"})
            ...     _ = run.best_file.write_text("{}")
            ...     RunDirectory.newest(Path(runs)).path.name
            'mine'
        """
        runs = [RunDirectory(path.parent) for path in root.glob("*/best.json")]
        runs = [run for run in runs if run.config_file.is_file()]
        if not runs:
            raise UserError(
                f"no search in {root} has found anything yet: run python -m nas.search, or name "
                "the directory of a run"
            )
        return max(runs, key=lambda run: run.best_file.stat().st_mtime_ns)

    @property
    def config_file(self) -> Path:
        """File of all settings; a directory that holds it is a run."""
        return self.path / "config.yaml"

    @property
    def environment_file(self) -> Path:
        """File of command, versions, hardware, commit and data set of every start."""
        return self.path / "environment.json"

    @property
    def best_file(self) -> Path:
        """File of the outcome so far."""
        return self.path / "best.json"

    @property
    def candidates_file(self) -> Path:
        """Table of all candidates."""
        return self.path / "candidates.csv"

    @property
    def supernet(self) -> Path:
        """Checkpoint of the shared weights, where candidates inherit."""
        return self.path / "supernet" / "model.safetensors"

    def study(self, storage: str | None) -> StudyAddress:
        """Return where the study is kept.

        Args:
            storage: URL of a database elsewhere, which can hold studies of other runs too; None for
                a file in the run directory.
        """
        if storage is None:
            return StudyAddress(f"sqlite:///{self.path.absolute() / 'study.db'}", "search")
        return StudyAddress(storage, self.path.name)

    def candidate(self, number: int) -> Path:
        """Return the directory in which a candidate is trained.

        Args:
            number: Number of the candidate's trial.
        """
        return self.path / "candidates" / f"{number:05}"

    # Reading

    def config(self) -> dict[str, Any]:
        """Return the settings of the run.

        Raises:
            UserError: The file is damaged.
        """
        with reading(self.config_file, "copy it again, or start another search"):
            values = checked(dict[str, Any], read_yaml(self.config_file))
            checked(_Told, values)
        return values

    def environments(self) -> list[dict[str, Any]]:
        """Return what the run ran on, for each of its starts, the earliest first.

        The list is empty where nothing was written down.

        Raises:
            UserError: The file is damaged.
        """
        try:
            with reading(self.environment_file, "remove it, or copy it again"):
                values = read_json(self.environment_file)
                # Earlier versions kept a single start, and no list.
                return checked(
                    list[dict[str, Any]], values if isinstance(values, list) else [values]
                )
        except FileNotFoundError:
            return []

    def best(self) -> Best:
        """Return the outcome so far.

        Raises:
            UserError: There is no outcome yet, or the file is damaged.
        """
        try:
            with reading(self.best_file, self.anew):
                return Best.from_json(read_json(self.best_file))
        except FileNotFoundError as error:
            raise UserError(
                f"{self.path} has found nothing yet: go on with python -m nas.search --resume "
                f"{self.path}"
            ) from error

    def candidates(self) -> list[Candidate]:
        """Return all candidates in the order of their numbers.

        Raises:
            UserError: The table is missing or damaged.
        """
        try:
            with reading(self.candidates_file, self.anew):
                return read_table(self.candidates_file, Candidate)
        except FileNotFoundError as error:
            raise UserError(f"{self.candidates_file} is missing: {self.anew}") from error

    @property
    def anew(self) -> str:
        """What to do where a table is damaged."""
        return f"python -m nas.search --resume {self.path} writes it anew"

    # Writing

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Write the settings, which makes the directory a run.

        Args:
            settings: All settings, as :func:`nas.common.cli.to_plain` returns them.
        """
        write_text(
            self.config_file, yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
        )

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write what this start runs on, below what earlier starts ran on.

        Args:
            environment: Description of the start, as JSON values.
        """
        write_json(self.environment_file, [*self.environments(), dict(environment)])

    def write_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Write the table of all candidates."""
        text = io.StringIO()
        lines = [candidate.to_cells() for candidate in candidates]
        columns = dict.fromkeys([*COLUMNS, *(name for line in lines for name in line)])
        writer = csv.DictWriter(text, list(columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
        write_text(self.candidates_file, text.getvalue())

    def write_best(self, best: Best) -> None:
        """Write the outcome so far."""
        write_json(self.best_file, best.to_json())

    def log(self, line: str) -> None:
        """Append a line with the time to ``search.log``."""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        with (self.path / "search.log").open("a", encoding="utf-8") as file:
            file.write(f"{now} {line}\n")

    @property
    def finals(self) -> Path:
        """Directory of the trainings of the finalists."""
        return self.path / "finals"

    def locked(self) -> AbstractContextManager[None]:
        """Hold the run for the length of a ``with`` block.

        Raises:
            UserError: Another search holds the run, or the directory cannot be written.
        """
        return held(self.path, "searched", "--run")
