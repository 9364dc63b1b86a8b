"""The settings of ``python -m nas.benchmarks.outcomes``."""

from dataclasses import dataclass
from pathlib import Path

from nas.benchmarks.checkouts import require_checkout


@dataclass(frozen=True, kw_only=True)
class OutcomesBenchmarkSettings:
    """Run small jobs with this checkout and another, and compare what they come to, bit by bit.

    The jobs are a simulation, one epoch of a supernet, a training, a search of twelve candidates,
    and a leaderboard of two networks. What depends on the clock is left out of the comparison.
    """

    against: Path
    """Checkout to compare with, for example ``git worktree add ../before HEAD~1``."""
    out: Path = Path("results/house")
    """Directory for the table."""


def check(settings: OutcomesBenchmarkSettings) -> None:
    """Check that the other checkout is one.

    Raises:
        UserError: it is none.
    """
    require_checkout(settings.against)
