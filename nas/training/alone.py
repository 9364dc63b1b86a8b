"""Training architectures alone: the truth that a supernet is measured against.

Each is trained once and never again. Every outcome is one JSON file, named after the spec of its
training and written when it is known; that of a training which went astray is another one, since it
would go astray again.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from nas.cluster.connection import cluster, share_out
from nas.cluster.jobs import Failure, Jobs
from nas.cluster.options import WorkerOptions
from nas.cluster.tune import run_all
from nas.common.artefacts import DamageError, checked, read_json, reading, short
from nas.common.errors import UserError
from nas.common.files import atomic_path, room_for, write_json
from nas.common.lock import share
from nas.common.progress import progress, say
from nas.common.provenance import environment
from nas.common.rules import Must
from nas.data.tensors import LensTensors
from nas.training.deciding import averaged_name, decides, deciding
from nas.training.metrics import NonFiniteError
from nas.training.spec import TrainingSpec, holds
from nas.training.task import task_of, tested

_Scores = Annotated[
    dict[str, int | float],
    Must(
        lambda scores: decides(scores) and {"epoch", "seconds"} <= scores.keys(),
        "auc or r2, epoch and seconds",
    ),
]


@dataclass(frozen=True)
class Alone:
    """What a training came to.

    Attributes:
        outcome: validation scores of the best epoch by name, ``epoch``, its number, and the
            ``seconds`` of training.
        curve: validation AUC, or R², after each epoch; empty in what earlier versions wrote.
        test: test scores of the best epoch by name, as :func:`nas.training.task.tested` returns
            them; None where no test images were given.
        commit: version of the toolkit that trained it.
        hardware: processor or GPU of the machine that trained it.
    """

    outcome: _Scores
    curve: tuple[float, ...] = ()
    test: dict[str, float] | None = None
    commit: str = ""
    hardware: str = ""

    @property
    def score(self) -> float:
        """The validation AUC of the best epoch, or its R²."""
        return self.outcome[deciding(self.outcome)]


@dataclass(frozen=True)
class Astray:
    """A training whose loss or scores were no numbers, which is its outcome."""

    reason: str


# Times that a training is begun again whose worker was lost; it goes on from its last epoch.
_RETRIES = 3


def train_alone(
    specs: Sequence[TrainingSpec],
    train: LensTensors,
    val: LensTensors,
    directory: Path,
    options: WorkerOptions,
    test: LensTensors | None = None,
    *,
    predictions: bool = False,
) -> list[Alone | Astray]:
    """Return the scores of every training, running those that have none yet.

    An unfinished training goes on from its last epoch.

    Args:
        specs: trainings to run.
        train: images to learn from, on the CPU.
        val: images that choose the epoch, on the CPU.
        directory: directory for the outcomes, which is there, and can be shared by everything that
            trains networks alone.
        options: how many workers train, and where.
        test: images that report how good the network of the best epoch is, on the CPU; None for
            none.
        predictions: whether what the network says of the validation images is kept, where
            :func:`predictions_of` finds it.

    Returns:
        For each spec its scores, or why it has none.

    Raises:
        UserError: there are fewer GPUs than the options ask for, or a training's worker died.
    """
    directory = directory.absolute()
    wanted = _Wanted(test is not None, predictions)
    missing = {spec.digest: spec for spec in specs if _known(directory, spec, wanted) is None}
    with progress("training alone", len(specs), "networks", len(specs) - len(missing)) as advance:
        if missing:
            with cluster(options.ray_address):
                trainings = _Trainings(list(missing.values()), directory, advance)
                trainers = _Trainers(train, val, test, directory, predictions)
                run_all(trainings, trainers, share_out(options))
    outcomes = [_known(directory, spec, wanted) for spec in specs]
    return [outcome for outcome in outcomes if outcome is not None]


def _made(here: Mapping[str, str]) -> dict[str, str]:
    return {name: here[name] for name in ("commit", "hardware")}


def predictions_of(directory: Path, spec: TrainingSpec) -> Path:
    """Return the file of what a training says of the validation images, in their order.

    These are class probabilities (N, K), or numbers (N,), of the best epoch.
    """
    return directory / f"{spec.digest}.npy"


def kept_predictions(directory: Path, spec: TrainingSpec) -> npt.NDArray[np.float64]:
    """Return the class probabilities (N, K), or numbers (N,), of the validation images.

    Raises:
        UserError: the file is damaged.
    """
    path = predictions_of(directory, spec)
    with reading(path, "remove it, and its network is trained again"):
        try:
            answers: npt.NDArray[np.float64] = np.load(path, allow_pickle=False).astype(float)
        except (ValueError, EOFError) as error:
            raise DamageError(short(error)) from error
    return answers


def seconds_of(directory: Path) -> float:
    """Return the seconds that all finished trainings of a directory took.

    Raises:
        UserError: an outcome is damaged.
    """
    total = 0.0
    for path in directory.glob("*.json"):
        with reading(path, "remove it, and its network is trained again"):
            outcome = checked(dict[str, Any], read_json(path)).get("outcome")
            total += 0.0 if outcome is None else checked(_Scores, outcome)["seconds"]
    return total


class _Wanted(NamedTuple):
    """What must be known of a training, beside its validation scores."""

    test: bool
    predictions: bool


def _known(directory: Path, spec: TrainingSpec, wanted: _Wanted) -> Alone | Astray | None:
    """Return what a training came to; None where that is not known yet."""
    alone = _read(directory, spec)
    if (
        alone is not None
        and (not wanted.test or _has_averaged(alone.test))
        and (predictions_of(directory, spec).exists() or not wanted.predictions)
    ):
        return alone
    return _astray(directory, spec)


def _has_averaged(test: Mapping[str, float] | None) -> bool:
    """Return whether test scores have the averaged one, which earlier versions did not write."""
    return test is not None and averaged_name(deciding(test)) in test


def _astray(directory: Path, spec: TrainingSpec) -> Astray | None:
    path = _astray_file(directory, spec)
    if not path.exists():
        return None
    with reading(path, "remove it, and its network is trained again"):
        values = checked(dict[str, Any], read_json(path))
        return Astray(checked(str, values.get("reason")))


def _astray_file(directory: Path, spec: TrainingSpec) -> Path:
    return directory / f"{spec.digest}.astray.json"


def _read(directory: Path, spec: TrainingSpec) -> Alone | None:
    path = directory / f"{spec.digest}.json"
    if not path.exists():
        return None
    with reading(path, "remove it, and its network is trained again"):
        values = checked(dict[str, Any], read_json(path))
        names = [field.name for field in fields(Alone)]
        alone = checked(Alone, {name: values[name] for name in names if name in values})
    if not holds(values, spec):
        raise UserError(f"{path} is about another training than its name says: remove it")
    return alone


@dataclass(frozen=True)
class _Trainers:
    """The images that a worker needs to train, and the directory of unfinished trainings."""

    train: LensTensors
    val: LensTensors
    test: LensTensors | None
    directory: Path
    predictions: bool

    def worker(self, device: torch.device) -> "_Trainers":
        share(self.directory)
        test = None if self.test is None else self.test.to(device)
        return replace(self, train=self.train.to(device), val=self.val.to(device), test=test)

    def work(self, spec: TrainingSpec) -> Iterator[tuple[Alone | Astray, bool]]:
        try:
            result = spec.fit(spec.build(), self.train, self.val, self.directory / spec.digest)
        except NonFiniteError as error:
            yield Astray(str(error)), True
            return
        best = result.best
        outcome = {**best.val, "epoch": best.epoch, "seconds": result.seconds}
        curve = tuple(record.score for record in result.epochs)
        test = None if self.test is None else tested(result.model, self.test)[1]
        if self.predictions:
            answers = task_of(self.val).answers(result.model, self.val)
            path = predictions_of(self.directory, spec)
            with (
                room_for(path, "the same command goes on"),
                atomic_path(path) as temporary,
                temporary.open("wb") as file,
            ):
                np.save(file, answers)
        yield Alone(outcome, curve, test, **_made(environment())), True


class _Trainings(Jobs[TrainingSpec, Alone | Astray]):
    """The missing trainings as jobs."""

    def __init__(
        self, specs: list[TrainingSpec], directory: Path, advance: Callable[[int], None]
    ) -> None:
        self._waiting, self._directory, self._advance = specs, directory, advance
        self._running = 0
        self._losses = Counter[str]()

    def next(self) -> TrainingSpec | None:
        if not self._waiting:
            return None
        self._running += 1
        return self._waiting.pop(0)

    @property
    def done(self) -> bool:
        return not self._waiting and not self._running

    def settle(self, job: TrainingSpec, outcome: Alone | Astray, stopped: bool) -> None:
        self._running -= 1
        if isinstance(outcome, Astray):
            say(f"{job.card.architecture} went astray: {outcome.reason}")
            self._write(_astray_file(self._directory, job), job, reason=outcome.reason)
        else:
            self._write(self._directory / f"{job.digest}.json", job, **asdict(outcome))
        shutil.rmtree(self._directory / job.digest, ignore_errors=True)
        self._advance(1)

    def _write(self, path: Path, job: TrainingSpec, **told: Any) -> None:
        with room_for(path, "the same command goes on"):
            write_json(path, {**job.to_json(), **environment(), **told})

    def fail(self, job: TrainingSpec, failure: Failure) -> None:
        self._running -= 1
        if failure.kind == "mistake":
            raise UserError(failure.reason)
        if failure.kind == "error":
            raise RuntimeError(f"{job.card.architecture} could not be trained\n{failure.traceback}")
        self._losses[job.digest] += 1
        if self._losses[job.digest] > _RETRIES:
            raise UserError(
                f"the worker that trained {job.card.architecture} was lost again and again "
                f"({failure.reason}); what is finished is kept: run the same command again with "
                "fewer --workers"
            )
        self._waiting.append(job)
