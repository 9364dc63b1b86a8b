"""How a search went: its best candidate so far, its regret, and which genes mattered."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from nas.report.drawing import BLUE, GREY, VERMILION, least_shown
from nas.run_directory import Candidate

LEAST_TRIALS = 10
"""Scored candidates below which nothing is said of the genes."""

# What is added to a regret, so that a logarithmic axis can show that of the best.
_LEAST_REGRET = 1e-3
# So many genes are drawn, the most important ones.
_GENES = 15

Curve = npt.NDArray[np.float64]


def best_so_far(candidates: Sequence[Candidate]) -> Curve:
    """(evaluated,) validation AUC of the best candidate so far, by number; not a number before the first score.

    Candidates that break a limit do not count, nor do those that are still running; those that failed or were
    stopped early count, but cannot be the best.
    """
    counted = [item for item in candidates if item.state not in ("infeasible", "running")]
    scores = [item.auc if item.state == "complete" and item.auc is not None else np.nan for item in counted]
    return np.fmax.accumulate(np.array(scores, dtype=np.float64))


def draw_regret(axes: Axes, searches: Mapping[str, Sequence[Curve]]) -> None:
    """Draw how far the best so far is from the best of all searches: the mean over seeds, and their range.

    Args:
        axes: where to draw.
        searches: curves of :func:`best_so_far` by name, one for each seed, all of a name equally long.
    """
    best = max(np.nanmax(curve) for curves in searches.values() for curve in curves)
    for name, curves in searches.items():
        regrets = _LEAST_REGRET + best - np.array(curves)
        numbers = np.arange(1, regrets.shape[1] + 1)
        (line,) = axes.plot(numbers, regrets.mean(axis=0), label=name, drawstyle="steps-post")
        if len(curves) > 1:
            low, high = regrets.min(axis=0), regrets.max(axis=0)
            axes.fill_between(numbers, low, high, color=line.get_color(), alpha=0.15, step="post")
    axes.set(xlabel="candidates", ylabel=f"regret + {_LEAST_REGRET}, validation AUC", yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(searches) > 1:
        axes.legend()


def search_figure(candidates: Sequence[Candidate], name: str) -> Figure:
    """Every candidate's score with the best so far, and beside it the regret of the same search."""
    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    curve = best_so_far(candidates)
    counted = [item for item in candidates if item.state not in ("infeasible", "running")]
    numbers = np.arange(1, len(counted) + 1)
    low = least_shown([item.auc for item in counted if item.state == "complete" and item.auc is not None])
    for state, mark, label in (("complete", "o", "candidate"), ("stopped", "x", "stopped early")):
        chosen = [(n, item.auc) for n, item in zip(numbers, counted, strict=True) if item.state == state and item.auc]
        for marker, words, points in (
            (mark, label, [point for point in chosen if point[1] >= low]),
            ("v", "worse than is shown", [(n, low) for n, auc in chosen if auc < low]),
        ):
            if points:
                left.scatter(*zip(*points, strict=True), s=14, marker=marker, color=GREY, label=words)
    left.plot(numbers, np.fmax(curve, low), color=BLUE, drawstyle="steps-post", label="best so far")
    best = int(np.nanargmax(curve))
    left.plot(numbers[best], curve[best], "*", color=VERMILION, markersize=11, label=f"best: {curve[best]:.4f}")
    left.set(xlabel="candidates", ylabel="validation AUC")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    left.legend()
    draw_regret(right, {name: [curve]})
    return figure


def regret_figure(searches: Mapping[str, Sequence[Curve]]) -> Figure:
    """The regret of several searches against the best of them all."""
    figure = Figure(figsize=(6.0, 3.6), layout="constrained")
    draw_regret(figure.subplots(), searches)
    return figure


def importances(study: optuna.Study, objective: int) -> dict[str, float]:
    """How much of the scores' variance each gene explains by itself, by fANOVA, the most important first.

    After Hutter, Hoos and Leyton-Brown 2014 (An Efficient Approach for Assessing Hyperparameter Importance), as Optuna
    has it; the forest's seed is fixed.

    Args:
        study: of a search.
        objective: position of the AUC among the objectives.

    Returns:
        Shares that add up to one; empty where there are fewer than :data:`LEAST_TRIALS` scores, or all are equal.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    scores = [trial.values[objective] for trial in trials]
    if len(scores) < LEAST_TRIALS or np.ptp(scores) == 0:
        return {}
    shares = get_param_importances(
        study, evaluator=FanovaImportanceEvaluator(seed=0), target=lambda trial: trial.values[objective]
    )
    return {name: float(share) for name, share in shares.items()}


def importance_figure(shares: Mapping[str, float]) -> Figure:
    """Bars for the most important genes."""
    shown = dict(list(shares.items())[:_GENES])
    figure = Figure(figsize=(6.0, 0.8 + 0.24 * len(shown)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(shown), list(shown.values()), color=BLUE)
    axes.bar_label(bars, labels=[f"{share:.0%}" for share in shown.values()], padding=3)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set(xlabel="share of the explained variance of the validation AUC")
    axes.margins(x=0.1)
    return figure
