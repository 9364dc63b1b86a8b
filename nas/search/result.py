"""What came out of a search: candidates, and the best of them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from nas.data.options import ReadOptions


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What is known of a candidate's worth: after an epoch, or at the end.

    It is the same from the worker that scores to the study and its tables.

    Attributes:
        auc: validation AUC of the last epoch, at the end that of the best one; None where it was
            not scored.
        latency_ms: of one batch, in milliseconds; None where it was not measured.
        seconds: spent on the evaluation so far.
        duplicate_of: number of the trial whose outcome it got without an evaluation.
        reason: why it failed or is infeasible.
    """

    auc: float | None = None
    latency_ms: float | None = None
    seconds: float | None = None
    duplicate_of: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Candidate(Evaluation):
    """One trial of a search: a line of ``candidates.csv``.

    Attributes:
        number: of the trial.
        state: ``complete``, ``stopped`` early, ``infeasible`` (breaks a limit), ``failed`` or
            ``running``.
        architecture: its line, in canonical form.
        params: number of parameters.
        flops: of one image.
    """

    number: int
    state: str
    architecture: str
    params: int
    flops: int

    def to_json(self) -> dict[str, Any]:
        """Return the candidate as JSON values, in the order of :data:`COLUMNS`."""
        return {name: getattr(self, name) for name in COLUMNS}


COLUMNS = (
    "number",
    "state",
    "architecture",
    "auc",
    "params",
    "flops",
    "latency_ms",
    "seconds",
    "duplicate_of",
    "reason",
)
"""The columns of ``candidates.csv``."""


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
        pareto: the candidates that no other beats in every objective, by falling AUC; the winner is
            among them.
        objectives: what was searched for.
        fidelity: how candidates were scored: ``inherit``, ``finetune`` or ``scratch``.
        recipe: of the training of candidates; None where they inherit only.
        image_size: height and width of the images in pixels.
        data: the data set.
        supernet: checkpoint of the shared weights, relative to the run directory; None where
            nothing was inherited.
        weights: checkpoint of the winner, relative to the run directory; None where it was not
            trained on its own.
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
        """Return the outcome as JSON values; the winner's come first and by themselves, for people
        and ``jq``.
        """
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
        rest["pareto"] = [candidate.to_json() for candidate in self.pareto]
        return {**winner, **rest}

    @staticmethod
    def from_json(values: Mapping[str, Any]) -> "Best":
        """Return the outcome that ``to_json`` wrote.

        Raises:
            KeyError, TypeError, StopIteration: something is missing.
        """
        pareto = tuple(Candidate(**candidate) for candidate in values["pareto"])
        own = {
            field.name: values[field.name]
            for field in fields(Best)
            if field.name not in ("winner", "pareto")
        }
        own |= {name: tuple(own[name]) for name in ("objectives", "image_size")}
        own["data"] = DataSource(**own["data"])
        winner = next(candidate for candidate in pareto if candidate.number == values["trial"])
        return Best(winner=winner, pareto=pareto, **own)
