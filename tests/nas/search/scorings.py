"""Scorings that cost nothing, to test what Ray Tune does with candidates.

Workers cannot import the tests, so the scorings travel to them by value.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from nas.search.result import Evaluation
from nas.search.study import Proposal
from nas.training.metrics import score


@dataclass(frozen=True)
class Pretended:
    """Scores by the number of the trial, and misbehaves where it is told to."""

    trouble: dict[int, str] = field(default_factory=dict)
    epochs: int = 1
    together: int = 1
    """Number of the first candidates, which wait for each other before any is scored."""
    falling: bool = False
    """Whether later candidates score less than earlier ones."""
    seconds: float = 0.0
    notes: Path | None = None
    """Directory for a file for each candidate, which names process and machine of its worker."""

    def worker(self, device: torch.device) -> "Pretended":
        return self

    def work(self, task: Proposal) -> Iterator[tuple[Evaluation, bool]]:
        self._note(task.number)
        self._misbehave(self.trouble.get(task.number, ""))
        time.sleep(self.seconds)
        score = 0.5 + task.number / 1000 * (-1 if self.falling else 1)
        for epoch in range(1, self.epochs + 1):
            yield Evaluation(auc=score, seconds=0.0), epoch == self.epochs

    def _note(self, number: int) -> None:
        if self.notes is None:
            return
        with (self.notes / str(number)).open("a") as file:
            file.write(f"{os.getpid()} {os.environ.get('NODE', '')}\n")
        if number >= self.together:
            return
        deadline = time.monotonic() + 100
        while not all((self.notes / str(other)).exists() for other in range(self.together)):
            assert time.monotonic() < deadline, "the others never came"
            time.sleep(0.01)

    @staticmethod
    def _misbehave(trouble: str) -> None:
        if trouble == "raise":
            raise RuntimeError("the kernel is cross\nand says so at length")
        if trouble == "no number":
            score(np.full((4, 3), np.nan), np.arange(4) % 3, ("a", "b", "c"))
        if trouble == "memory":
            torch.empty(2**60)
        if trouble == "die":
            os._exit(1)
