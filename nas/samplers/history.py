"""What a sampler may know: a study's finished trials, in the order in which they finished."""

import bisect
import datetime
import math
import threading
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from nas.samplers.space import Point, Space, StudySpace, point


@dataclass(frozen=True, eq=False)
class Record:
    """One finished trial.

    Records are compared by identity: the same trial has the same record at every ask.

    Attributes:
        architecture: Architecture that was evaluated, in canonical form.
        order: Sort key: the time of completion, then the trial's number.
        standing: One row for each objective, which compares trials as Deb does (2000, section 3):
            complete and feasible ones by loss, then pruned ones by how late they were pruned and
            their last loss, then infeasible ones by their total violation. Lower is better.
    """

    architecture: Any
    order: tuple[datetime.datetime, int]
    standing: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True)
class History:
    """A study at one moment.

    Attributes:
        space: The given space, or the one that the trials imply.
        evaluated: Records of the finished trials that say how good they are, in the order of
            completion.
        finished: Architectures of all finished trials, failed ones included.
        running: Architectures that are being evaluated now.
    """

    space: Space
    evaluated: Sequence[Record]
    finished: Collection[Hashable]
    running: Collection[Hashable]

    def is_new(self, architecture: Hashable) -> bool:
        """Return whether no trial has this architecture, given in canonical form."""
        return architecture not in self.finished and architecture not in self.running


class HistoryReader:
    """Reads studies.

    What finished trials said never changes, so only the others are looked at again.

    Args:
        space: Space knowledge; without it every study implies a space of its own.
    """

    def __init__(self, space: Space | None) -> None:
        self._space = space
        self._past = _Past()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type, tuple[Space | None]]:
        """Make copies that read anew: in another process the storage hands out other objects."""
        return HistoryReader, (self._space,)

    def distributions(self, study: Study) -> Mapping[str, BaseDistribution]:
        """Return the distributions of all that the sampler can propose.

        These are the given space's genes, or every parameter that a finished trial asked for.
        """
        if self._space is not None:
            return self._space.distributions()
        with self._lock:
            past = self._update(study, study.get_trials(deepcopy=False))
            return {
                name: distribution for name, (_, distribution) in sorted(past.distributions.items())
            }

    def read(
        self, study: Study, now: int, distributions: Mapping[str, BaseDistribution]
    ) -> History:
        """Return the study's history as one of its trials sees it.

        Args:
            study: The study.
            now: Number of the trial that asks.
            distributions: Distributions of the parameters for which the trial asks.
        """
        trials = study.get_trials(deepcopy=False)
        with self._lock:
            past = self._update(study, trials)
            evaluated, unfinished = tuple(past.evaluated), [trials[i] for i in past.unfinished]
        running = {
            _architecture(self._space, trial.params) for trial in unfinished if trial.number != now
        }
        space = self._space if self._space is not None else StudySpace(distributions, past.points)
        return History(space, evaluated, past.architectures, running)

    def _update(self, study: Study, trials: Sequence[FrozenTrial]) -> "_Past":
        """Take in what has finished since the last time.

        Everything is taken in anew where these are not the trials of that time.
        """
        if not self._past.precedes(trials):
            self._past = _Past()
        past = self._past
        open_before, past.unfinished = [*past.unfinished, *range(past.length, len(trials))], []
        past.length = len(trials)
        for i in open_before:
            if trials[i].state.is_finished():
                past.take(
                    i, trials[i], _architecture(self._space, trials[i].params), study.directions
                )
            else:
                past.unfinished.append(i)
        return past


class _Past:
    """All finished trials of one study, as far as they have been read.

    Attributes:
        length: Number of trials that the study had.
        unfinished: Indices of the trials that had not finished.
        evaluated: Records in the order of completion.
        architectures: Architectures of all finished trials.
        points: Points of all finished trials by the names of their parameters, for studies without
            space knowledge.
        distributions: Latest distribution of every parameter, by the parameter's name, each after
            the number of the trial that had it.
    """

    def __init__(self) -> None:
        self.length = 0
        self.unfinished: list[int] = []
        self.evaluated: list[Record] = []
        self.architectures: set[Hashable] = set()
        self.points: dict[tuple[str, ...], set[Point]] = {}
        self.distributions: dict[str, tuple[int, BaseDistribution]] = {}
        self._witness: tuple[int, FrozenTrial] | None = None

    def precedes(self, trials: Sequence[FrozenTrial]) -> bool:
        """Return whether these are the same trials, and perhaps more.

        They are told by identity: a storage hands out a finished trial as one object.
        """
        if self._witness is None:
            return self.length == 0
        i, trial = self._witness
        return len(trials) >= self.length and trials[i] is trial

    def take(
        self, i: int, trial: FrozenTrial, architecture: Any, directions: Sequence[StudyDirection]
    ) -> None:
        """Take in the finished trial at index ``i``."""
        self._witness = i, trial
        for name, distribution in trial.distributions.items():
            if name not in self.distributions or trial.number > self.distributions[name][0]:
                self.distributions[name] = trial.number, distribution
        if architecture is None:
            return
        self.architectures.add(architecture)
        self.points.setdefault(tuple(sorted(trial.params)), set()).add(point(trial.params))
        if standing := _standing(trial, directions):
            assert trial.datetime_complete is not None
            record = Record(architecture, (trial.datetime_complete, trial.number), standing)
            bisect.insort(self.evaluated, record, key=attrgetter("order"))


def _architecture(space: Space | None, params: Mapping[str, Any]) -> Any:
    """Return the canonical architecture of a trial's parameters, or None where they make none.

    Parameters that are no genes are passed over.
    """
    if space is None:
        return point(params)
    genes = space.distributions()
    try:
        return space.canonical(
            space.from_params({name: params[name] for name in params if name in genes})
        )
    except ValueError:
        # Somebody enqueued or added a trial that is no architecture of this space.
        return None


def _standing(
    trial: FrozenTrial, directions: Sequence[StudyDirection]
) -> tuple[tuple[float, float, float], ...]:
    signs = [-1.0 if direction is StudyDirection.MAXIMIZE else 1.0 for direction in directions]
    violation = sum(max(value, 0.0) for value in trial.constraints.values())
    if violation > 0 and trial.state is not TrialState.FAIL:
        return tuple((2.0, violation, 0.0) for _ in signs)
    if trial.state is TrialState.COMPLETE:
        return tuple(
            (0.0, 0.0, sign * value) for sign, value in zip(signs, trial.values, strict=True)
        )
    if trial.state is TrialState.PRUNED and trial.last_step is not None:
        last = signs[0] * trial.intermediate_values[trial.last_step]
        return ((1.0, -float(trial.last_step), math.inf if math.isnan(last) else last),)
    return ()
