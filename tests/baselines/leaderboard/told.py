"""A contest whose trainings train nothing, and whose tracker fails."""

from collections.abc import Callable
from typing import Any


class Pretended:
    """A training that says why its curves are lost."""

    def run(self, *arguments: Any, tell: Callable[[str], None], **more: Any) -> float:
        tell("--track mlflow failed and is left alone (no route to host)")
        return 0.9


class Contest:
    """Some trainings, one after the other."""

    def __init__(self, count: int) -> None:
        self.waiting = [Pretended() for _ in range(count)]
        self.missing = count
        self.scores: list[float] = []

    def next(self) -> Pretended | None:
        return self.waiting.pop() if self.waiting else None

    @property
    def settled(self) -> bool:
        return len(self.scores) == self.missing

    def succeed(self, assignment: Pretended, score: float) -> None:
        self.scores.append(score)
