"""The settings of ``python -m nas.benchmarks.search``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.files import RUNS


@dataclass(frozen=True, kw_only=True)
class SearchBenchmarkSettings:
    """Compare strategies under the same budget and supernet, and publish curves and table."""

    data: Path
    """Directory of the data set."""
    supernet: Path
    """Checkpoint of the supernet, or directory of its training."""
    space: str = "hybrid_nano"
    """Search space."""
    strategies: tuple[str, ...] = ("evolution", "rl", "random", "tpe")
    """Strategies to compare: --strategies '[evolution, random]'."""
    trials: int = 40
    """Candidates of each search."""
    seeds: int = 3
    """Searches of each strategy."""
    workers: int = 2
    """Candidates evaluated at a time."""
    runs: Path = RUNS / "search-benchmark"
    """Where the run directories are."""
    out: Path = Path("results/search")
    """Directory for search.json, search.md and regret.png."""
