"""Runs of samplers as a table with intervals, and as curves."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nas.benchmarks.samplers.runs import Run
from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.common.files import atomic_path

_RESAMPLES = 2000
_INTERVAL = 2.5, 97.5
"""Ends of an interval, as percentiles of the resamples."""
_SKIPPED = 9
"""Number of first evaluations that are not drawn, for all samplers begin at random."""
_LABELS = {"lower": "mean regret, percentage points", "higher": "mean, higher is better"}


class SummaryRow(NamedTuple):
    """What a strategy reached within a budget.

    Intervals are bootstrapped over seeds, with 95 % confidence.
    """

    problem: str
    strategy: str
    budget: int
    seeds: int
    median: float
    median_low: float
    median_high: float
    mean: float
    mean_low: float
    mean_high: float


class Reference(NamedTuple):
    """What another implementation reached, from a published file; NaN where the file is silent."""

    strategy: str
    budget: int
    median: float
    mean: float


def summarise(runs: Sequence[Run], budgets: Sequence[int]) -> list[SummaryRow]:
    """Return a row for each problem, strategy and budget."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.problem, run.strategy), []).append(run)
    rows = []
    for (problem, strategy), group in sorted(groups.items()):
        for budget in budgets:
            figures = np.array([run.at(budget) for run in group if run.budget >= budget])
            if len(figures):
                rows.append(_row(problem, strategy, budget, figures))
    return rows


def _row(problem: str, strategy: str, budget: int, figures: np.ndarray[Any, Any]) -> SummaryRow:
    resampled = figures[
        np.random.default_rng(0).integers(len(figures), size=(_RESAMPLES, len(figures)))
    ]
    numbers = []
    for statistic in (np.median, np.mean):
        numbers += [statistic(figures), *np.percentile(statistic(resampled, axis=1), _INTERVAL)]
    return SummaryRow(
        problem, strategy, budget, len(figures), *(round(float(number), 4) for number in numbers)
    )


def read_reference(path: Path) -> list[Reference]:
    """Read regrets or hypervolumes of other implementations.

    Args:
        path: CSV file with the columns algo, budget, and regret_median with regret_mean or
            hv_archive_median.

    Raises:
        UserError: The file is something else.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return [
                Reference(
                    line["algo"],
                    int(line["budget"]),
                    float(line.get("regret_median") or line["hv_archive_median"]),
                    float(line.get("regret_mean") or "nan"),
                )
                for line in csv.DictReader(file)
            ]
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise UserError(
            f"{path} is no reference file: it needs columns algo, budget, regret_median "
            f"({error!r})."
        ) from error


def best_reference(references: Sequence[Reference], better: str) -> dict[int, Reference]:
    """Return the best median and the best mean of each budget, whoever reached them."""
    pick = np.nanmin if better == "lower" else np.nanmax
    best = {}
    for budget in sorted({reference.budget for reference in references}):
        here = [reference for reference in references if reference.budget == budget]
        means = [reference.mean for reference in here if reference.mean == reference.mean]
        best[budget] = Reference(
            "best of the reference file",
            budget,
            float(pick([reference.median for reference in here])),
            float(pick(means)) if means else float("nan"),
        )
    return best


def regret_table(
    rows: Sequence[SummaryRow],
    references: Mapping[int, Reference],
    floor: tuple[float, float] | None = None,
) -> str:
    """Return the rows as a table, with the best references and the floor below."""
    lines = [
        "| problem | strategy | budget | seeds | median [95 %] | mean [95 %] |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.problem} | {row.strategy} | {row.budget} | {row.seeds} "
        f"| {row.median:.4f} [{row.median_low:.4f}, {row.median_high:.4f}] "
        f"| {row.mean:.4f} [{row.mean_low:.4f}, {row.mean_high:.4f}] |"
        for row in rows
    ]
    for reference in references.values():
        mean = f"{reference.mean:.4f}" if reference.mean == reference.mean else "–"
        lines.append(
            f"| | *{reference.strategy}* | {reference.budget} | | {reference.median:.4f} | {mean} |"
        )
    if floor is not None:
        lines.append(f"| | *every network read once* | all | | {floor[0]:.4f} | {floor[1]:.4f} |")
    return "\n".join(lines) + "\n"


def curves_figure(
    runs: Sequence[Run], references: Mapping[int, Reference], better: str
) -> ShownFigure:
    """Draw the mean figure of each strategy over evaluations, one panel for each problem.

    The standard error of the mean is shaded.
    """
    problems = sorted({run.problem for run in runs})
    figure = ShownFigure(figsize=(5.5 * len(problems), 4.2), layout="constrained")
    for axes, problem in zip(
        figure.subplots(1, len(problems), squeeze=False)[0], problems, strict=True
    ):
        for strategy in sorted({run.strategy for run in runs if run.problem == problem}):
            curves = _curves(
                [run for run in runs if (run.problem, run.strategy) == (problem, strategy)]
            )
            evaluations = np.arange(1, curves.shape[1] + 1)[_SKIPPED:]
            mean, error = (
                curves.mean(axis=0)[_SKIPPED:],
                curves.std(axis=0)[_SKIPPED:] / np.sqrt(len(curves)),
            )
            (line,) = axes.plot(evaluations, mean, label=strategy, linewidth=1.4)
            axes.fill_between(
                evaluations,
                mean - error,
                mean + error,
                color=line.get_color(),
                alpha=0.2,
                linewidth=0,
            )
        marks = [
            (budget, ref.mean if ref.mean == ref.mean else ref.median)
            for budget, ref in references.items()
        ]
        if marks:
            axes.plot(*zip(*marks, strict=True), "k*", label="best of the reference file")
        axes.set(title=problem, xlabel="evaluations", xscale="log", ylabel=_LABELS[better])
        axes.set_yscale("log" if better == "lower" else "linear")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return figure


def draw_curves(
    runs: Sequence[Run], references: Mapping[int, Reference], better: str, path: Path
) -> None:
    """Write :func:`curves_figure` as a picture."""
    figure = curves_figure(runs, references, better)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=120)


def _curves(runs: Sequence[Run]) -> np.ndarray[Any, Any]:
    """Return the figures, shape (runs, evaluations); all runs are cut to the shortest."""
    shortest = min(run.budget for run in runs)
    return np.array([[run.at(evaluation) for evaluation in range(1, shortest + 1)] for run in runs])
