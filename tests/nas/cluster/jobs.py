"""Jobs that cost nothing; they travel to workers by value, which cannot import tests."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from nas.cluster.jobs import Failure


@dataclass(frozen=True)
class Doubling:
    """Makes workers that double numbers, and raise where they are told to."""

    trouble: dict[int, Exception]

    def worker(self, device: torch.device) -> "Doubling":
        return self

    def work(self, job: int) -> Iterator[tuple[dict[str, int], bool]]:
        if job in self.trouble:
            raise self.trouble[job]
        yield {"twice": 2 * job}, True


@dataclass
class Numbers:
    """Numbers as jobs."""

    waiting: list[int]
    settling: Exception | None = None
    """What settling a job raises."""
    outcomes: dict[int, dict[str, int]] = field(default_factory=dict)
    failures: dict[int, Failure] = field(default_factory=dict)
    running: int = 0

    def next(self) -> int | None:
        if not self.waiting:
            return None
        self.running += 1
        return self.waiting.pop(0)

    @property
    def done(self) -> bool:
        return not self.waiting and not self.running

    def report(self, job: int, step: int, outcome: Any) -> bool:
        return False

    def settle(self, job: int, outcome: dict[str, int], stopped: bool) -> None:
        if self.settling is not None:
            raise self.settling
        self.running -= 1
        self.outcomes[job] = outcome

    def fail(self, job: int, failure: Failure) -> None:
        self.running -= 1
        self.failures[job] = failure
