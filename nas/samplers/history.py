"""What a sampler may know: the finished trials of a study, in the order in which they finished."""

import datetime
import math
import threading
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.samplers.space import Space, StudySpace, point

Schema = tuple[tuple[str, BaseDistribution], ...]


@dataclass(frozen=True, eq=False)
class Record:
    """One finished trial. Records are compared by identity: the same trial has the same record at every ask.

    Attributes:
        architecture: what was evaluated, canonical; ``None`` where the trial's parameters make no architecture.
        order: sorts by time of completion, then by number.
        standing: one row for each objective that compares trials as Deb does (2000, section 3): complete and feasible
            ones by loss, then pruned ones by how late they were pruned and their last loss, then infeasible ones by
            their total violation. Lower is better; empty where the trial
            failed or said nothing else of its quality.
        schema: the trial's distributions.
    """

    architecture: Any
    order: tuple[datetime.datetime, int]
    standing: tuple[tuple[float, float, float], ...]
    schema: Schema


@dataclass(frozen=True)
class History:
    """A study at one moment.

    Attributes:
        space: the given space, or the one that the trials imply.
        evaluated: finished trials with a standing, in the order of completion.
        known: every architecture that was proposed before, failed and running ones included.
        running: architectures that are being evaluated now.
    """

    space: Space
    evaluated: Sequence[Record]
    known: frozenset[Hashable]
    running: Sequence[Hashable]

    def standings(self) -> np.ndarray[Any, Any]:
        """Shape (trials, objectives, 3)."""
        return np.array([record.standing for record in self.evaluated], float)


class HistoryReader:
    """Reads studies; remembers what each finished trial said, which never changes, so that an ask stays cheap.

    Args:
        space: space knowledge; without it every study implies a space of its own.
    """

    def __init__(self, space: Space | None) -> None:
        self._space = space
        self._records: dict[int, tuple[FrozenTrial, Record]] = {}
        self._schemas: dict[Schema, Schema] = {}
        self._lock = threading.Lock()

    def distributions(self, study: Study) -> Mapping[str, BaseDistribution]:
        """What the sampler can propose: the given space, or every parameter that a finished trial asked for."""
        if self._space is not None:
            return self._space.distributions()
        return _union(self._finished(study, study.get_trials(deepcopy=False)))

    def read(self, study: Study, now: int, distributions: Mapping[str, BaseDistribution]) -> History:
        """The study's history for the trial with number ``now``, which asks for these parameters."""
        trials = study.get_trials(deepcopy=False)
        records = self._finished(study, trials)
        finished = [record.architecture for record in records if record.architecture is not None]
        space = self._space if self._space is not None else StudySpace(distributions, finished)
        running = [
            architecture
            for trial in trials
            if trial.state is TrialState.RUNNING and trial.number != now and trial.params
            if (architecture := _architecture(self._space, trial.params)) is not None
        ]
        evaluated = sorted((r for r in records if r.standing and r.architecture is not None), key=attrgetter("order"))
        return History(space, evaluated, frozenset(finished).union(running), running)

    def _finished(self, study: Study, trials: Sequence[FrozenTrial]) -> list[Record]:
        """The records of the finished trials, by number."""
        with self._lock:
            return [self._record(study, trial) for trial in trials if trial.state.is_finished()]

    def _record(self, study: Study, trial: FrozenTrial) -> Record:
        remembered = self._records.get(trial.number)
        # Storages hand out the same object as long as nothing changed; another object is another study's trial.
        if remembered is not None and remembered[0] is trial:
            return remembered[1]
        schema = tuple(sorted(trial.distributions.items()))
        assert trial.datetime_complete is not None
        record = Record(
            architecture=_architecture(self._space, trial.params),
            order=(trial.datetime_complete, trial.number),
            standing=_standing(trial, study.directions),
            schema=self._schemas.setdefault(schema, schema),
        )
        self._records[trial.number] = (trial, record)
        return record


def _union(records: Sequence[Record]) -> dict[str, BaseDistribution]:
    """Every parameter's distribution in the latest trial that has it."""
    latest: dict[int, Schema] = {}
    for record in records:
        latest.pop(id(record.schema), None)
        latest[id(record.schema)] = record.schema
    return dict(pair for schema in latest.values() for pair in schema)


def _architecture(space: Space | None, params: Mapping[str, Any]) -> Any:
    """The architecture of a trial's parameters in canonical form; parameters that are no genes are passed over."""
    if space is None:
        return point(params)
    genes = space.distributions()
    try:
        return space.canonical(space.from_params({name: params[name] for name in params if name in genes}))
    except ValueError:  # enqueued or added by hand, and no architecture of this space
        return None


def _standing(trial: FrozenTrial, directions: Sequence[StudyDirection]) -> tuple[tuple[float, float, float], ...]:
    signs = [-1.0 if direction is StudyDirection.MAXIMIZE else 1.0 for direction in directions]
    violation = sum(max(value, 0.0) for value in trial.constraints.values())
    if violation > 0 and trial.state is not TrialState.FAIL:
        return tuple((2.0, violation, 0.0) for _ in signs)
    if trial.state is TrialState.COMPLETE:
        return tuple((0.0, 0.0, sign * value) for sign, value in zip(signs, trial.values, strict=True))
    if trial.state is TrialState.PRUNED and trial.last_step is not None:
        last = signs[0] * trial.intermediate_values[trial.last_step]
        return ((1.0, -float(trial.last_step), math.inf if math.isnan(last) else last),)
    return ()
