"""The trainings of all contests as jobs of Ray Tune."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import torch

from baselines.leaderboard.contest import Contest
from baselines.leaderboard.trainings import Assignment
from nas.cluster.connection import Hands
from nas.cluster.jobs import Failure, Jobs
from nas.cluster.tune import run_all
from nas.common.lock import share
from nas.common.progress import say
from nas.common.provenance import command
from nas.training.images import TrainingImages
from nas.training.result import FinalScores

OnOutcome = Callable[[Contest], None]

_Job = tuple[int, Assignment]
"""The number of a contest, and one of its trainings."""


@dataclass(frozen=True)
class _Told:
    """What the user should read; nobody reads the standard error of a worker."""

    line: str


_Outcome = float | FinalScores | _Told


def train_all(
    contests: Sequence[Contest],
    images: TrainingImages,
    hands: Hands,
    place: Path,
    on_outcome: OnOutcome,
) -> None:
    """Train until every contest is settled.

    Ray must be running. After an interruption (``KeyboardInterrupt``) what was trained is on disk.

    Args:
        contests: contests, which hand out trainings and take what these came to.
        images: images to learn from, and to be judged on.
        hands: how many train at a time, and with what.
        place: directory of the leaderboard, which this process holds.
        on_outcome: called with the contest of each training that ended; a ``UserError`` from it
            ends all trainings.
    """
    trainers = _Trainers(images, command(), hands.workers, place.absolute())
    run_all(_Trainings(contests, on_outcome), trainers, hands)


@dataclass(frozen=True)
class _Trainers:
    """The images that a worker needs to train, and what all trainings are told."""

    images: TrainingImages
    asked_by: str
    at_a_time: int
    place: Path

    def worker(self, device: torch.device) -> "_Trainer":
        share(self.place)
        return _Trainer(self, device)


@dataclass(frozen=True)
class _Trainer:
    equipment: _Trainers
    device: torch.device

    def work(self, job: _Job) -> Iterator[tuple[_Outcome, bool]]:
        own, told = self.equipment, list[str]()
        scores = job[1].run(
            own.images,
            self.device,
            asked_by=own.asked_by,
            at_a_time=own.at_a_time,
            tell=told.append,
        )
        for line in told:
            yield _Told(line), False
        yield scores, True


@dataclass(frozen=True)
class _Trainings(Jobs[_Job, _Outcome]):
    contests: Sequence[Contest]
    on_outcome: OnOutcome
    told: set[_Told] = field(default_factory=set)

    def next(self) -> _Job | None:
        for number, contest in enumerate(self.contests):
            assignment = contest.next()
            if assignment is not None:
                return number, assignment
        return None

    @property
    def done(self) -> bool:
        return all(contest.settled for contest in self.contests)

    def report(self, job: _Job, step: int, outcome: _Outcome) -> bool:
        # All trainings of a leaderboard have one tracker, which fails for one reason.
        if isinstance(outcome, _Told) and outcome not in self.told:
            self.told.add(outcome)
            say(outcome.line)
        return False

    def settle(self, job: _Job, outcome: _Outcome, stopped: bool) -> None:
        number, assignment = job
        assert not isinstance(outcome, _Told)  # which is never the last
        self.contests[number].succeed(assignment, outcome)
        self.on_outcome(self.contests[number])

    def fail(self, job: _Job, failure: Failure) -> None:
        number, assignment = job
        self.contests[number].fail(assignment, failure.reason)
        self.on_outcome(self.contests[number])
