"""The settings of ``python -m nas.benchmarks.search``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.files import RUNS
from nas.common.settings import SPACE


@dataclass(frozen=True, kw_only=True)
class SearchBenchmarkSettings:
    """Compare strategies under the same budget and supernet, and publish curves and table."""

    data: Path
    """Directory of the data set."""
    supernet: Path
    """Checkpoint of the supernet, or directory of its training."""
    space: str = SPACE
    """Search space that is searched."""
    strategies: tuple[str, ...] = ("evolution", "rl", "random", "tpe")
    """Strategies to compare, as in --strategies evolution,random."""
    trials: int = 40
    """Number of candidates of each search."""
    seeds: int = 3
    """Number of searches of each strategy."""
    workers: int = 2
    """Number of candidates evaluated at a time."""
    runs: Path = RUNS / "search-benchmark"
    """Directory that holds the run directories."""
    out: Path = Path("results/search")
    """Directory for search.json, search.md and regret.png."""
