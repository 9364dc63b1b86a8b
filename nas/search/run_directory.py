"""The directory of one search: what was asked, what it ran on, what came out.

    config.yaml        every setting, in the form that --config reads
    environment.json   command, versions, hardware, commit, data set of every start
    study.db           the history, an Optuna study: the one source of truth (or a database elsewhere, --storage)
    candidates.csv     one line for each candidate, written anew from the study
    best.json          the winner and the Pareto set, likewise
    supernet/          the shared weights, where candidates inherit
    candidates/        checkpoints of candidates that were trained
    tracking/          curves, where they are files
    search.log         what happened when
    lock               held while a search runs

Every file is written whole or not at all, and none of the tables is read to go on: that is what the
study is for.
"""

import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nas.common.errors import UserError
from nas.common.files import RUNS, write_json, write_text
from nas.common.lock import held
from nas.search.result import COLUMNS, Best, Candidate


@dataclass(frozen=True)
class StudyAddress:
    """Where a study is: the URL of its database, and its name there."""

    url: str
    name: str


@dataclass(frozen=True)
class RunDirectory:
    """The files of one run; nothing is held open."""

    path: Path

    @staticmethod
    def open(path: Path) -> "RunDirectory":
        """Return an existing run.

        Raises:
            UserError: there is no run.
        """
        run = RunDirectory(path)
        if not run.config_file.is_file():
            raise UserError(
                f"{path} is not the directory of a search: give one of {RUNS}, or run python -m "
                "nas.search"
            )
        return run

    @staticmethod
    def newest(root: Path = RUNS) -> "RunDirectory":
        """Return the run whose outcome was written last.

        Raises:
            UserError: no run has an outcome yet.
        """
        runs = [RunDirectory(path.parent) for path in root.glob("*/best.json")]
        runs = [run for run in runs if run.config_file.is_file()]
        if not runs:
            raise UserError(
                f"no search in {root} has found anything yet: run python -m nas.search, or name a "
                "--run"
            )
        return max(runs, key=lambda run: run.best_file.stat().st_mtime_ns)

    @property
    def config_file(self) -> Path:
        """All settings; where it stands there is a run."""
        return self.path / "config.yaml"

    @property
    def environment_file(self) -> Path:
        """Versions, hardware, commit of every start."""
        return self.path / "environment.json"

    @property
    def best_file(self) -> Path:
        """The outcome so far."""
        return self.path / "best.json"

    @property
    def candidates_file(self) -> Path:
        """All candidates as a table."""
        return self.path / "candidates.csv"

    @property
    def supernet(self) -> Path:
        """Checkpoint of the shared weights."""
        return self.path / "supernet" / "model.safetensors"

    def study(self, storage: str | None) -> StudyAddress:
        """Where the study is.

        Args:
            storage: URL of a database elsewhere, which can hold studies of other runs too; None for
                a file of the run.
        """
        if storage is None:
            return StudyAddress(f"sqlite:///{self.path.absolute() / 'study.db'}", "search")
        return StudyAddress(storage, self.path.name)

    def candidate(self, number: int) -> Path:
        """Where a candidate is trained."""
        return self.path / "candidates" / f"{number:05}"

    # Reading

    def config(self) -> dict[str, Any]:
        """Return the settings of the run.

        Raises:
            UserError: the file is damaged.
        """
        try:
            values = yaml.safe_load(self.config_file.read_text(encoding="utf-8"))
            return dict(values)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.config_file} is damaged: copy it again, or start another search"
            ) from error

    def environments(self) -> list[dict[str, Any]]:
        """Return what the run ran on, for each of its starts; nothing where nobody wrote it down.

        Raises:
            UserError: the file is damaged.
        """
        try:
            values = json.loads(self.environment_file.read_text(encoding="utf-8"))
            # Earlier versions kept one start alone.
            return [dict(start) for start in (values if isinstance(values, list) else [values])]
        except FileNotFoundError:
            return []
        except (OSError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.environment_file} is damaged: remove it, or copy it again"
            ) from error

    def best(self) -> Best:
        """Return the outcome so far.

        Raises:
            UserError: there is none yet, or the file is damaged.
        """
        try:
            return Best.from_json(json.loads(self.best_file.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise UserError(
                f"{self.path} has found nothing yet: go on with python -m nas.search --resume "
                f"{self.path}"
            ) from error
        except (OSError, KeyError, TypeError, ValueError, StopIteration) as error:
            raise UserError(
                f"{self.best_file} is damaged: python -m nas.search --resume {self.path} writes "
                "it anew"
            ) from error

    def candidates(self) -> list[Candidate]:
        """Return all candidates by number.

        Raises:
            UserError: there are none yet, or the file is damaged.
        """
        try:
            with self.candidates_file.open(encoding="utf-8", newline="") as file:
                return [_parse(row) for row in csv.DictReader(file)]
        except (OSError, KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{self.candidates_file} is missing or damaged: python -m nas.search --resume "
                f"{self.path} writes it anew"
            ) from error

    # Writing

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Write the settings; from now on there is a run."""
        write_text(
            self.config_file, yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True)
        )

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write what the run is started on, after what it was started on before."""
        write_json(self.environment_file, [*self.environments(), dict(environment)])

    def write_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Write the table of all candidates."""
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(candidate.to_json() for candidate in candidates)
        write_text(self.candidates_file, text.getvalue())

    def write_best(self, best: Best) -> None:
        """Write the outcome so far."""
        write_json(self.best_file, best.to_json())

    def log(self, line: str) -> None:
        """Append a line with the time to ``search.log``."""
        now = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
        with (self.path / "search.log").open("a", encoding="utf-8") as file:
            file.write(f"{now} {line}\n")

    def locked(self) -> AbstractContextManager[None]:
        """Hold the run for the length of a ``with`` block.

        Raises:
            UserError: another search holds the run, or its directory cannot be written.
        """
        return held(self.path, "searched", "--run")


def _parse(row: Mapping[str, str]) -> Candidate:
    def number(name: str, kind: type[int] | type[float]) -> Any:
        return kind(row[name]) if row[name] else None

    return Candidate(
        number=int(row["number"]),
        state=row["state"],
        architecture=row["architecture"],
        auc=number("auc", float),
        params=int(row["params"]),
        flops=int(row["flops"]),
        latency_ms=number("latency_ms", float),
        seconds=number("seconds", float),
        duplicate_of=number("duplicate_of", int),
        reason=row["reason"],
    )
