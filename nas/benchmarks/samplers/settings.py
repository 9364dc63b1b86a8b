"""The settings of ``python -m nas.benchmarks.samplers``."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class SamplerBenchmarkSettings:
    """Measure samplers on a table of trained networks, or on synthetic landscapes.

    The landscapes are searched where no table is given.
    """

    table: Path | None = None
    """Table of the lensing benchmark, results/bench/lens_bench.parquet, or the public file of
    NAS-Bench-Macro, nas-bench-macro_cifar10.json."""
    objectives: int = 1
    """Objectives on the table: 1 for accuracy (AUC), 2 for that and parameters."""
    budgets: str = "50,100,200,300,500"
    """Numbers of evaluations, separated by commas; a run has as many as the largest number."""
    seeds: int = 100
    """Runs of each strategy."""
    strategies: str = "evolution,rl,random"
    """Strategies or variants of them, separated by commas."""
    reference: Path | None = None
    """CSV of what other implementations reach on the table."""
    workers: int = 1
    """Runs at a time."""
    name: str = "regret"
    """Name of the files: NAME.md, NAME.json, NAME.png, and NAME.jsonl with the runs."""
    out: Path = Path("results/samplers")
    """Directory for the files."""
