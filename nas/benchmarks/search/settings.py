"""The settings of ``python -m nas.benchmarks.search``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.files import RUNS

RIDGE = "ridge"
"""The strategy that this benchmark brings: a ridge regression on genes proposes."""
RANDOM = "random"
"""The strategy that all others are compared with."""


@dataclass(frozen=True, kw_only=True)
class SearchBenchmarkSettings:
    """Compare what searches find with what chance finds at equal cost, as docs/proof.md says.

    Many searches run on the lensing benchmark, without a training; few from end to end, each
    followed by trainings to convergence. Finished ones are never repeated.
    """

    strategies: tuple[str, ...] = ("evolution", "rl", RIDGE)
    """Strategies that are compared with random search; ridge is a regression on genes."""
    trials: int = 24
    """Candidates of each search."""
    finalists: int = 2
    """Finalists of each search."""
    table: Path = Path("results/bench/lens_bench.parquet")
    """Table of the lensing benchmark."""
    simulated: int = 200
    """Searches of each strategy on the table; 0 leaves the table out."""
    first_seed: int = 1000
    """Seed of the first search on the table; with smaller ones the funnel's shape was chosen."""
    runs: int = 3
    """Searches of each strategy from end to end; 0 leaves them out."""
    seeds: int = 2
    """Trainings to convergence of each network that was found."""
    epochs: int = 60
    """Passes over the images in such a training at most; it ends when validation gains no more."""
    named: str = "symmetric_tiny_fine"
    """Network of lens_nano that one would take without a search."""
    data: Path | None = None
    """Directory of the data set of searches from end to end; by default that of every search."""
    workers: int | None = None
    """Candidates that are trained at a time (default: one for each core, but no more than 4)."""
    directory: Path = RUNS / "proof"
    """Directory of the searches from end to end, which the same command goes on with."""
    out: Path = Path("results/search")
    """Directory for README.md, proof.png, searches.csv and simulated.csv."""

    def __post_init__(self) -> None:
        least_of = {"simulated": 0, "first_seed": 0, "runs": 0, "seeds": 1, "finalists": 1}
        for name, least in least_of.items():
            if getattr(self, name) < least:
                flag = name.replace("_", "-")
                raise UserError(
                    f"--{flag} {getattr(self, name)} cannot be used: give {least} or more"
                )
        if self.trials < self.finalists:
            raise UserError(
                f"--trials {self.trials} are fewer than --finalists {self.finalists}: give more"
            )
        if self.simulated == 1:
            raise UserError("--simulated 1 cannot be compared: give 2 or more, or 0")
        if RANDOM in self.strategies:
            raise UserError("--strategies random is compared with itself: leave it out")

    @property
    def arms(self) -> tuple[str, ...]:
        """All strategies, random search last."""
        return (*self.strategies, RANDOM)
