"""What comes out of a search: candidates, and the best one."""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from nas.common.artefacts import DamageError, checked
from nas.common.rules import Amount, Count, Must, Pixels, Share, Text
from nas.data.options import ReadOptions
from nas.search.options import FidelityName
from nas.training.deciding import decides, deciding

State = Literal["complete", "stopped", "infeasible", "failed", "running"]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What is known of a candidate's worth: after an epoch, or at the end.

    The worker that scores, the study and its tables all use this form.

    Attributes:
        auc: Validation AUC of the last epoch, and at the end that of the best epoch; None where the
            candidate was not scored.
        latency_ms: Latency of one batch, in milliseconds; None where it was not measured.
        seconds: Seconds spent on the evaluation so far.
        duplicate_of: Number of the trial with the same architecture, whose outcome this candidate
            shares without an evaluation; None where it was evaluated.
        reason: Why the candidate failed or is infeasible; empty otherwise.
        scores: Values of further objectives on validation images, by name; of a regression ``r2``
            and ``mae``.

    Example:
        >>> Evaluation(auc=0.93, seconds=41.5).latency_ms is None
        True
    """

    auc: Share | None = None
    latency_ms: Amount | None = None
    seconds: Amount | None = None
    duplicate_of: Count | None = None
    reason: str = ""
    scores: dict[str, float] = field(default_factory=dict)

    @property
    def score(self) -> float | None:
        """What decides: the AUC, or ``r2`` of a regression; None where there is neither."""
        return self.scores.get("r2") if self.auc is None else self.auc


@dataclass(frozen=True, kw_only=True)
class Candidate(Evaluation):
    """One trial of a search: a line of ``candidates.csv``.

    Attributes:
        number: Number of the trial, from 0.
        state: ``complete``, ``stopped`` early, ``infeasible`` (breaks a limit), ``failed`` or
            ``running``.
        architecture: Line of the architecture, in canonical form.
        params: Number of parameters.
        flops: Floating-point operations for one image.
        untied_params: Weights of the network when a symmetry ties none of them to each other; None
            in what earlier versions wrote.

    Example:
        >>> import search_spaces
        >>> smallest = search_spaces.get_space("hybrid_nano").smallest
        >>> candidate = Candidate(
        ...     number=0,
        ...     state="complete",
        ...     architecture=str(smallest),
        ...     params=48_483,
        ...     flops=666_816,
        ...     auc=0.93,
        ... )
        >>> candidate.to_json()["auc"]
        0.93
    """

    number: Count
    state: State
    architecture: Text
    params: Count
    flops: Count
    untied_params: Count | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the candidate as JSON values, in the order of :data:`COLUMNS`.

        Further objectives stand in ``scores``, where there are any.
        """
        values = {name: getattr(self, name) for name in COLUMNS}
        return {**values, "scores": self.scores} if self.scores else values

    def to_cells(self) -> dict[str, Any]:
        """Return a line of ``candidates.csv``: ``scores.NAME`` has a column of its own."""
        values = self.to_json()
        scores = values.pop("scores", {})
        return {**values, **{f"scores.{name}": value for name, value in scores.items()}}


COLUMNS = (
    "number",
    "state",
    "architecture",
    "auc",
    "params",
    "untied_params",
    "flops",
    "latency_ms",
    "seconds",
    "duplicate_of",
    "reason",
)
"""The columns of ``candidates.csv``; those of further objectives follow."""


@dataclass(frozen=True)
class DataSource:
    """Which data set a run used, and how it was read.

    Attributes:
        directory: Directory of the data set.
        options: Fields of the :class:`~nas.data.options.ReadOptions` with which it was read.
        fingerprint: Hash of the data set's content.

    Example:
        >>> source = DataSource("/data/lenses", {"classes": [], "crop": 64}, "f" * 64)
        >>> source.read_options().crop
        64
    """

    directory: Text
    options: dict[str, Any]
    fingerprint: Text

    def read_options(self) -> ReadOptions:
        """Return the options with which the directory is read again.

        Raises:
            DamageError: the options are none of this version.
        """
        return checked(ReadOptions, self.options)


_Scored = Annotated[
    Candidate,
    Must(
        lambda candidate: candidate.state == "complete" and candidate.score is not None,
        "a complete candidate with an auc or an r2",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Finalist:
    """A candidate that was trained again, with other seeds.

    Attributes:
        trial: Number of its trial.
        architecture: Line of the architecture.
        params: Number of parameters.
        flops: Floating-point operations for one image.
        aucs: Validation AUC of the best epoch, by seed; none in a regression.
        r2: Validation R² of the best epoch, by seed, in a regression.
        worse: Probability that it is worse than the best finalist, over seeds and images; None for
            the best one.
    """

    trial: Count
    architecture: Text
    params: Count
    flops: Count
    aucs: tuple[Share, ...] = ()
    worse: Share | None = None
    r2: tuple[float, ...] = ()

    @property
    def scores(self) -> tuple[float, ...]:
        """What decides, by seed."""
        return self.aucs or self.r2

    def to_json(self) -> dict[str, Any]:
        """Return the finalist as JSON values; ``r2`` is there where it has values."""
        values = asdict(self)
        if not self.r2:
            del values["r2"]
        return values


_JudgedFinalist = Annotated[Finalist, Must(lambda one: len(one.scores), "one value a seed")]


@dataclass(frozen=True, kw_only=True)
class Finals:
    """What came of the finals of a search.

    Attributes:
        epochs: Passes over the training images.
        finalists: The finalists, the best first.
        recommended: Trial of the cheapest in FLOPs of those that cannot be told from the best.
    """

    epochs: Count
    finalists: Annotated[tuple[_JudgedFinalist, ...], Must(len, "one finalist or more")]
    recommended: Count


@dataclass(frozen=True)
class _Found:
    """What ``best.json`` lists beside the values that people read."""

    trial: Count
    pareto: tuple[_Scored, ...]
    winner: _Scored | None = None


@dataclass(frozen=True)
class Best:
    """The outcome of a run: ``best.json``.

    Attributes:
        space: Name of the search space.
        winner: Feasible candidate with the highest validation AUC (R² in a regression), or the one
            that the finals recommend.
        pareto: Candidates that no other beats in every objective, the best first; the winner is
            among them where there were no finals.
        objectives: Names of what was searched for.
        fidelity: How candidates were scored: ``funnel``, ``inherit``, ``finetune`` or ``scratch``.
        recipe: Recipe with which candidates were trained; None where they only inherit.
        image_size: Height and width of the images in pixels.
        data: The data set, and how it was read.
        supernet: Checkpoint of the shared weights, relative to the run directory; None where
            nothing was inherited.
        weights: Checkpoint of the winner, relative to the run directory; None where the winner was
            not trained on its own.
        finals: What whole trainings of the best candidates came to; None where there were none.
        target: The number that was learned; None where classes were.

    Example:
        >>> candidate = Candidate(
        ...     number=7, state="complete", architecture="space/a=1", auc=0.9, params=5, flops=6
        ... )
        >>> best = Best(
        ...     space="space",
        ...     winner=candidate,
        ...     pareto=(candidate,),
        ...     objectives=("auc",),
        ...     fidelity="inherit",
        ...     recipe=None,
        ...     image_size=(32, 32),
        ...     data=DataSource("/data/lenses", {"classes": []}, "f" * 64),
        ... )
        >>> best.to_json()["validation_auc"]
        0.9
        >>> Best.from_json(best.to_json()) == best
        True
    """

    space: Text
    winner: _Scored
    pareto: tuple[_Scored, ...]
    objectives: Annotated[
        tuple[str, ...],
        Must(decides, "names of objectives, auc or r2 among them"),
    ]
    fidelity: FidelityName
    recipe: dict[str, Any] | None
    image_size: Pixels
    data: Annotated[DataSource, Must(DataSource.read_options, "options that can be read")]
    supernet: Text | None = None
    weights: Text | None = None
    finals: Finals | None = None
    target: Text | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the outcome as JSON values.

        The winner's values come first and at the top level, for people and ``jq``.
        """
        winner = {
            "space": self.space,
            "architecture": self.winner.architecture,
            "params": self.winner.params,
            "flops": self.winner.flops,
            "latency_ms": self.winner.latency_ms,
            f"validation_{deciding(self.objectives)}": self.winner.score,
            "trial": self.winner.number,
        }
        rest = {key: value for key, value in asdict(self).items() if key not in ("space", "winner")}
        rest["pareto"] = [candidate.to_json() for candidate in self.pareto]
        if self.finals is not None:
            rest["winner"] = self.winner.to_json()
            rest["finals"]["finalists"] = [one.to_json() for one in self.finals.finalists]
        if self.target is None:
            del rest["target"]
        return {**winner, **rest}

    @staticmethod
    def from_json(values: Any) -> "Best":
        """Return the outcome that ``to_json`` wrote.

        Raises:
            DamageError: Something is missing, of another type or out of bounds.
        """
        found = checked(_Found, values)
        winner = found.winner or next(
            (item for item in found.pareto if item.number == found.trial), None
        )
        if winner is None:
            raise DamageError(f"trial {found.trial} is not among the pareto set")
        return checked(Best, {**values, "winner": asdict(winner)})
