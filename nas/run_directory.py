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

Every file is written whole or not at all, and none of the tables is read to go on: that is what the study is for.
"""

import csv
import datetime
import io
import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from nas.data.options import ReadOptions
from nas.errors import UserError
from nas.files import write_json, write_text
from nas.lock import held

RUNS = Path("results/runs")
"""Where runs are that were given no other place."""


@dataclass(frozen=True)
class Candidate:
    """One trial of a search: a line of ``candidates.csv``.

    Attributes:
        number: of the trial.
        state: ``complete``, ``stopped`` early, ``infeasible`` (breaks a constraint), ``failed`` or ``running``.
        architecture: its line, in canonical form.
        auc: validation AUC; of a candidate that was stopped early the last one; None where there is none.
        params: number of parameters.
        flops: of one image.
        latency_ms: of one batch, in milliseconds; None where it was not measured.
        seconds: spent on the evaluation itself.
        duplicate_of: number of the trial whose value it got without an evaluation.
        reason: why it failed or is infeasible.
    """

    number: int
    state: str
    architecture: str
    auc: float | None
    params: int
    flops: int
    latency_ms: float | None = None
    seconds: float | None = None
    duplicate_of: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class DataSource:
    """Which data set a run used, and how it was read.

    Attributes:
        directory: of the data set.
        options: the fields of its :class:`~nas.data.options.ReadOptions`.
        fingerprint: hash of the data set's content.
    """

    directory: str
    options: dict[str, Any]
    fingerprint: str

    def read_options(self) -> ReadOptions:
        """How to read the directory again."""
        return ReadOptions(**{**self.options, "classes": tuple(self.options["classes"])})


@dataclass(frozen=True)
class Best:
    """The outcome of a run: ``best.json``.

    Attributes:
        space: name of the search space.
        winner: the feasible candidate with the highest validation AUC.
        pareto: the candidates that no other beats in every objective, by falling AUC; the winner is among them.
        objectives: what was searched for.
        fidelity: how candidates were scored: ``inherit``, ``finetune`` or ``scratch``.
        recipe: of the training of candidates; None where they inherit only.
        image_size: height and width of the images in pixels.
        data: the data set.
        supernet: checkpoint of the shared weights, relative to the run directory; None where nothing was inherited.
        weights: checkpoint of the winner, relative to the run directory; None where it was not trained on its own.
    """

    space: str
    winner: Candidate
    pareto: tuple[Candidate, ...]
    objectives: tuple[str, ...]
    fidelity: str
    recipe: dict[str, Any] | None
    image_size: tuple[int, int]
    data: DataSource
    supernet: str | None = None
    weights: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values; the winner's come first and by themselves, for people and ``jq``."""
        winner = {
            "space": self.space,
            "architecture": self.winner.architecture,
            "params": self.winner.params,
            "flops": self.winner.flops,
            "latency_ms": self.winner.latency_ms,
            "validation_auc": self.winner.auc,
            "trial": self.winner.number,
        }
        rest = {key: value for key, value in asdict(self).items() if key not in ("space", "winner")}
        return {**winner, **rest}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Best":
        """Return the outcome that ``to_json`` wrote.

        Raises:
            KeyError, TypeError, StopIteration: something is missing.
        """
        pareto = tuple(Candidate(**candidate) for candidate in values["pareto"])
        own = {field.name: values[field.name] for field in fields(Best) if field.name not in ("winner", "pareto")}
        own |= {name: tuple(own[name]) for name in ("objectives", "image_size")}
        own["data"] = DataSource(**own["data"])
        winner = next(candidate for candidate in pareto if candidate.number == values["trial"])
        return Best(winner=winner, pareto=pareto, **own)


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
            raise UserError(f"{path} is not the directory of a search: give one of {RUNS}, or run python -m nas.search")
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
            raise UserError(f"no search in {root} has found anything yet: run python -m nas.search, or name a --run")
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

    @property
    def storage(self) -> str:
        """URL of the study's database, where no other was given."""
        return f"sqlite:///{self.path.absolute() / 'study.db'}"

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
            raise UserError(f"{self.config_file} is damaged: copy it again, or start another search") from error

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
            raise UserError(f"{self.environment_file} is damaged: remove it, or copy it again") from error

    def best(self) -> Best:
        """Return the outcome so far.

        Raises:
            UserError: there is none yet, or the file is damaged.
        """
        try:
            return Best.from_json(json.loads(self.best_file.read_text(encoding="utf-8")))
        except FileNotFoundError as error:
            raise UserError(
                f"{self.path} has found nothing yet: go on with python -m nas.search --resume {self.path}"
            ) from error
        except (OSError, KeyError, TypeError, ValueError, StopIteration) as error:
            raise UserError(
                f"{self.best_file} is damaged: python -m nas.search --resume {self.path} writes it anew"
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
                f"{self.candidates_file} is missing or damaged: python -m nas.search --resume {self.path} writes it "
                "anew"
            ) from error

    # Writing

    def write_config(self, settings: Mapping[str, Any]) -> None:
        """Write the settings; from now on there is a run."""
        write_text(self.config_file, yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True))

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write what the run is started on, after what it was started on before."""
        write_json(self.environment_file, [*self.environments(), dict(environment)])

    def write_candidates(self, candidates: Sequence[Candidate]) -> None:
        """Write the table of all candidates."""
        text = io.StringIO()
        writer = csv.DictWriter(text, [field.name for field in fields(Candidate)], lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(candidate) for candidate in candidates)
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
