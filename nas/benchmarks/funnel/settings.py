"""The settings of ``python -m nas.benchmarks.funnel``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError


@dataclass(frozen=True, kw_only=True)
class FunnelBenchmarkSettings:
    """Search the lensing benchmark with funnels of several shapes, and compare them by seconds.

    No network is trained: curves and seconds are those of the table.
    """

    table: Path = Path("results/bench/lens_bench.parquet")
    """Table of the lensing benchmark."""
    strategies: tuple[str, ...] = ("evolution", "rl", "random")
    """Strategies that propose."""
    first_rungs: tuple[int, ...] = (0, 1, 2, 4)
    """Epochs after which the first poor candidates are stopped; 0 trains all to the end."""
    finalists: tuple[int, ...] = (0, 2, 3)
    """Best candidates that are trained again with another seed, which the table must have; with 0
    the search recommends."""
    seeds: int = 100
    """Searches of each kind."""
    minutes: tuple[float, ...] = (10, 20, 40, 60)
    """Minutes of training after which the searches are compared."""
    out: Path = Path("results/bench")
    """Directory for funnel.md, funnel.json and funnel.png."""

    def __post_init__(self) -> None:
        for name, least in (("first_rungs", 0), ("finalists", 0), ("minutes", 0)):
            for value in getattr(self, name):
                if value < least or (name == "minutes" and value == 0):
                    flag = name.replace("_", "-")
                    raise UserError(f"--{flag} {value:g} cannot be used: give positive numbers")
        if self.seeds < 2:
            raise UserError(f"--seeds {self.seeds} cannot be used: give 2 or more")
