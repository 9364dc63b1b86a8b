"""What work on a cluster is made of: jobs, who does them, and why they fail.

:mod:`nas.cluster.tune` runs them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

import torch

from nas.common.errors import UserError

_JobT = TypeVar("_JobT")
_JobIn = TypeVar("_JobIn", contravariant=True)
_OutcomeIn = TypeVar("_OutcomeIn", contravariant=True)
_OutcomeOut = TypeVar("_OutcomeOut", covariant=True)


class JobWorker(Protocol[_JobIn, _OutcomeOut]):
    """A worker that does one job after the other, in a process of its own."""

    def work(self, job: _JobIn) -> Iterator[tuple[_OutcomeOut, bool]]:
        """Do a job, and yield its outcomes as they come, each with whether it is the last.

        Closing the iterator ends the job. Whatever the iterator raises fails this job alone.
        """


class Equipment(Protocol[_JobIn, _OutcomeOut]):
    """What a worker is made from; it travels to the actors through Ray's object store."""

    def worker(self, device: torch.device) -> JobWorker[_JobIn, _OutcomeOut]:
        """Return a worker that computes on the device."""


@dataclass(frozen=True)
class Failure:
    """Why a job failed.

    Attributes:
        reason: The reason in one line.
        kind: ``mistake``, a ``UserError`` of the job; ``error``, any other exception; ``worker``,
            the process or the machine was lost, and the job may succeed elsewhere.
        traceback: Traceback of an ``error``; empty for others.
    """

    reason: str
    kind: Literal["mistake", "error", "worker"]
    traceback: str = ""


class Jobs(Protocol[_JobT, _OutcomeIn]):
    """What hands out jobs and takes their outcomes.

    All methods are called in the process that runs the command. An exception that one of them
    raises ends the run, and is raised by :func:`run_all`.
    """

    def next(self) -> _JobT | None:
        """Return the next job; None while there is none, or no more at all."""

    @property
    def done(self) -> bool:
        """Whether no job is running and no more will come."""

    def report(self, job: _JobT, step: int, outcome: _OutcomeIn) -> bool:
        """Note an outcome that is not the last; return whether the job should be stopped early.

        Jobs that have one outcome need not define this.

        Args:
            job: The job.
            step: Number of the outcome among those of the job, from 1.
            outcome: The outcome.
        """
        return False

    def settle(self, job: _JobT, outcome: _OutcomeIn, stopped: bool) -> None:
        """Note the last outcome of a job.

        Args:
            job: The job.
            outcome: The last outcome.
            stopped: Whether the job was stopped early, rather than ended by itself.
        """

    def fail(self, job: _JobT, failure: Failure) -> None:
        """Note why a job failed."""


def reason_of(error: Exception) -> str:
    """Return an exception as one line, with its type unless it is a mistake of the user's."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, UserError) and first:
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__
