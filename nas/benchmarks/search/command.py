"""Compare strategies under the same budget and supernet: ``python -m nas.benchmarks.search``.

Regret is against the best validation AUC that any of the searches found. Overhead is what a
candidate takes beyond its own evaluation, measured between the first and the last candidate that
were done. A stopped benchmark goes on where it was: searches that are complete are read, not run,
if they were of the very same settings. A search that was resumed has no wall time and no overhead,
for nobody knows when it rested.
"""

import datetime
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, median

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.cluster.connection import cluster
from nas.common.cli import to_plain
from nas.common.errors import UserError
from nas.common.files import atomic_path, write_json, write_text
from nas.common.provenance import command, environment
from nas.report.drawing import legend_above, style
from nas.report.search_figures import draw_regret
from nas.search.command import run as search
from nas.search.result import Candidate
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings
from nas.search.storage import read_study


@dataclass(frozen=True)
class Search:
    """What one search came to.

    Attributes:
        strategy: Name of the strategy that proposed.
        seed: Seed of the proposals.
        curve: Validation AUC of the best candidate so far, in the order of completion, shape
            (trials,).
        best: Candidate that won.
        values: Validation AUC of each candidate, in the order of completion, shape (trials,).
        wall: Seconds from the first proposal to the last completion, the start of workers included;
            None if the search was resumed.
        overhead: Seconds that a candidate takes beyond its own evaluation; None if the search was
            resumed.
        duplicates: Number of candidates whose architecture was known already.
    """

    strategy: str
    seed: int
    curve: npt.NDArray[np.float64]
    best: Candidate
    values: npt.NDArray[np.float64]
    wall: float | None
    overhead: float | None
    duplicates: int


def run(settings: SearchBenchmarkSettings) -> None:
    """Run the searches that are missing, and publish all."""
    with cluster(None, settings.workers):
        searches = [
            _run_one(settings, strategy, seed)
            for strategy in settings.strategies
            for seed in range(settings.seeds)
        ]
    settings.out.mkdir(parents=True, exist_ok=True)
    record = _record(settings, searches)
    write_json(settings.out / "search.json", record)
    write_text(settings.out / "search.md", _markdown(settings, searches, record))
    _draw(searches, settings.out / "regret.png")
    sys.stdout.write((settings.out / "search.md").read_text(encoding="utf-8"))


def _run_one(settings: SearchBenchmarkSettings, strategy: str, seed: int) -> Search:
    directory = RunDirectory(settings.runs / f"{strategy}-{seed}")
    common = SearchSettings(
        strategy=strategy,
        seed=seed,
        data=settings.data,
        supernet=settings.supernet,
        space=settings.space,
        trials=settings.trials,
        workers=settings.workers,
    )
    if not directory.config_file.exists():
        search(replace(common, run=directory.path))
    else:
        _require_same(directory, common)
        if not _is_complete(directory, settings.trials):
            search(replace(common, resume=directory.path))
    return _read(directory, strategy, seed, settings.workers)


def _require_same(directory: RunDirectory, settings: SearchSettings) -> None:
    """Check that the directory holds the search that is to be compared."""
    asked, found = to_plain(settings), directory.config()
    for name in ("strategy", "seed", "data", "supernet", "space", "trials", "workers"):
        if found.get(name) != asked[name]:
            raise UserError(
                f"{directory.path} was searched with {name} {found.get(name)}, not {asked[name]}: "
                "remove it, or give another directory with --runs"
            )


def _is_complete(directory: RunDirectory, trials: int) -> bool:
    try:
        return (
            sum(item.state not in ("running", "infeasible") for item in directory.candidates())
            >= trials
        )
    except UserError:
        # Not one candidate is done.
        return False


def _read(directory: RunDirectory, strategy: str, seed: int, workers: int) -> Search:
    trials = read_study(directory.study(None)).trials
    candidates = {item.number: item for item in directory.candidates()}
    # Candidates that were killed have no time of completion.
    ends = {
        trial.number: trial.datetime_complete
        for trial in trials
        if trial.datetime_complete is not None
    }
    starts = [trial.datetime_start for trial in trials if trial.datetime_start is not None]
    order = sorted(ends, key=lambda number: (ends[number], number))
    scored = [candidates[number].auc or 0.0 for number in order]
    resumed = len(directory.environments()) > 1
    # The first candidate of each worker includes the worker's start.
    first = workers
    waited = _seconds(ends[order[first - 1]], ends[order[-1]]) * workers
    worked = sum(candidates[number].seconds or 0.0 for number in order[first:])
    return Search(
        strategy=strategy,
        seed=seed,
        curve=np.maximum.accumulate(scored),
        best=directory.best().winner,
        values=np.array(scored),
        wall=None if resumed else _seconds(min(starts), ends[order[-1]]),
        overhead=None if resumed else (waited - worked) / max(1, len(order) - first),
        duplicates=sum(item.duplicate_of is not None for item in candidates.values()),
    )


def _seconds(start: datetime.datetime, end: datetime.datetime) -> float:
    return (end - start).total_seconds()


def _record(settings: SearchBenchmarkSettings, searches: Sequence[Search]) -> dict[str, object]:
    best = max(item.curve[-1] for item in searches)
    random = [value for item in searches if item.strategy == "random" for value in item.values]
    rows = [
        {
            "strategy": item.strategy,
            "seed": item.seed,
            "best_auc": round(float(item.curve[-1]), 5),
            "regret": round(float(best - item.curve[-1]), 5),
            "regret_at_half": round(float(best - item.curve[len(item.curve) // 2 - 1]), 5),
            "wall_seconds": None if item.wall is None else round(item.wall, 1),
            "overhead_seconds": None if item.overhead is None else round(item.overhead, 3),
            "duplicates": item.duplicates,
            "parameters": item.best.params,
            "mflops": round(item.best.flops / 1e6, 1),
            "architecture": item.best.architecture,
        }
        for item in searches
    ]
    return {
        "command": command(),
        "space": settings.space,
        "candidates": settings.trials,
        "workers": settings.workers,
        "best_auc": round(float(best), 5),
        "median_random_auc": round(float(median(random)), 5) if random else None,
        "searches": rows,
        **environment(),
    }


def _markdown(
    settings: SearchBenchmarkSettings, searches: Sequence[Search], record: dict[str, object]
) -> str:
    best, lines = max(item.curve[-1] for item in searches), []
    for strategy in settings.strategies:
        group = [item for item in searches if item.strategy == strategy]
        final = [float(item.curve[-1]) for item in group]
        half = [float(best - item.curve[len(item.curve) // 2 - 1]) for item in group]
        lines.append(
            f"| {strategy} | {mean(final):.4f} ({min(final):.4f}–{max(final):.4f}) | "
            f"{mean(half):.4f} | {best - mean(final):.4f} | "
            f"{_mean([item.wall for item in group], 0)} | "
            f"{_mean([item.overhead for item in group], 2)} |"
        )
    winners = [
        f"| {item.strategy} | {item.seed} | {item.curve[-1]:.4f} | {item.best.params:,} | "
        f"{item.best.flops / 1e6:,.1f} | `{item.best.architecture}` |"
        for item in searches
    ]
    about = [f"| {key} | {record[key]} |" for key in ("hardware", "versions", "commit", "date")]
    half_way = f"regret at {settings.trials // 2}"
    header = (
        f"strategy | best AUC, mean (range) | {half_way} | regret at the end | wall time, s | "
        "overhead a candidate, s"
    )
    return "\n".join(
        [
            f"{settings.trials} candidates a search, {settings.seeds} seeds, {settings.workers} "
            f"workers, one supernet of `{settings.space}`; validation AUC. Median random "
            f"architecture: {record['median_random_auc']}, best of all {best:.4f}.",
            "",
            f"| {header} |",
            "|---|---|---|---|---|---|",
            *lines,
            "",
            "![Regret over candidates](regret.png)",
            "",
            "| strategy | seed | AUC | parameters | MFLOPs | architecture |",
            "|---|---|---|---|---|---|",
            *winners,
            "",
            f"Made by `{record['command']}`.",
            "",
            "| | |",
            "|---|---|",
            *about,
            "",
        ]
    )


def _mean(values: Sequence[float | None], digits: int) -> str:
    """Return the mean of the known values as text, or a dash where there is none."""
    known = [value for value in values if value is not None]
    return f"{mean(known):.{digits}f}" if known else "–"


def _draw(searches: Sequence[Search], path: Path) -> None:
    """Draw the regret over candidates: the mean of each strategy, and the range over its seeds."""
    curves: dict[str, list[npt.NDArray[np.float64]]] = {}
    for item in searches:
        curves.setdefault(item.strategy, []).append(item.curve)
    with style():
        figure = Figure(figsize=(6.0, 4.0), layout="constrained")
        axes = figure.subplots()
        draw_regret(axes, curves)
        legend_above(figure, [axes])
        with atomic_path(path) as temporary:
            figure.savefig(temporary, dpi=120)
