"""The settings of ``python -m nas.benchmarks.answers``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.checkouts import require_checkout
from nas.common.errors import UserError


@dataclass(frozen=True, kw_only=True)
class AnswersBenchmarkSettings:
    """Measure the processor time that the help of each command takes."""

    against: Path | None = None
    """Another checkout to compare with, for example one of an earlier commit."""
    rounds: int = 3
    """Times that each help is asked for, in turn; the least counts."""
    out: Path = Path("results/house")
    """Directory for the table."""

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise UserError(f"--rounds {self.rounds} cannot be used: give 1 or more")


def check(settings: AnswersBenchmarkSettings) -> None:
    """Check that the other checkout is one.

    Raises:
        UserError: it is none.
    """
    if settings.against is not None:
        require_checkout(settings.against)
