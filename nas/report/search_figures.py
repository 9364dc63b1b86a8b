"""Figures of a search: its best candidate so far, its regret, and which genes mattered."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import optuna
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from nas.common.figure import ShownFigure
from nas.report.drawing import BLUE, GREY, VERMILION, least_shown, legend_above
from nas.search.objectives import decided_by
from nas.search.result import Candidate
from nas.training.deciding import CALLED

LEAST_TRIALS = 20
"""Scored candidates below which nothing is said of the genes."""

# This is added to a regret, so that a logarithmic axis can show that of the best candidate.
_LEAST_REGRET = 1e-3
# So many genes are drawn, the most important ones.
_GENES = 15
# Candidates in these states are not among the evaluated ones.
_UNCOUNTED = ("infeasible", "running")

Curve = npt.NDArray[np.float64]
"""A score after each evaluated candidate."""


def best_so_far(candidates: Sequence[Candidate]) -> Curve:
    """Return the validation score of the best candidate so far, after each evaluated candidate.

    Candidates that break a limit do not count, nor do those that are still running; those that
    failed or were stopped early count, but cannot be the best.

    Returns:
        (evaluated,) scores in the order of the candidates' numbers; not a number before the first
        score.
    """
    counted = [item for item in candidates if item.state not in _UNCOUNTED]
    scores = [
        item.score if item.state == "complete" and item.score is not None else np.nan
        for item in counted
    ]
    return np.fmax.accumulate(np.array(scores, dtype=np.float64))


def draw_regret(axes: Axes, searches: Mapping[str, Sequence[Curve]], called: str = "AUC") -> None:
    """Draw how far the best candidate so far is from the best of all searches.

    The line is the mean over the seeds; their range is shaded. The lines have the names as labels,
    and no legend.

    Args:
        axes: where to draw.
        searches: curves of :func:`best_so_far` by name, one for each seed; curves of one name are
            equally long.
        called: what the score is called.
    """
    best = max(np.nanmax(curve) for curves in searches.values() for curve in curves)
    for name, curves in searches.items():
        regrets = _LEAST_REGRET + best - np.array(curves)
        numbers = np.arange(1, regrets.shape[1] + 1)
        (line,) = axes.plot(numbers, regrets.mean(axis=0), label=name, drawstyle="steps-post")
        if len(curves) > 1:
            low, high = regrets.min(axis=0), regrets.max(axis=0)
            axes.fill_between(numbers, low, high, color=line.get_color(), alpha=0.15, step="post")
    title = f"regret + {_LEAST_REGRET}, validation {called}"
    axes.set(xlabel="candidates", ylabel=title, yscale="log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def search_figure(searches: Mapping[str, Sequence[Candidate]]) -> ShownFigure:
    """Draw the best candidate so far of searches, and beside it their regret.

    Of a single search each candidate is drawn too.

    Args:
        searches: all candidates of each search, by name of the search.
    """
    figure = ShownFigure(figsize=(8.0, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    curves = {name: best_so_far(candidates) for name, candidates in searches.items()}
    everyone = [item for candidates in searches.values() for item in candidates]
    called = CALLED[decided_by(everyone)]
    low = least_shown(
        [item.score for item in everyone if item.state == "complete" and item.score is not None]
    )
    if len(searches) == 1:
        _draw_candidates(left, next(iter(searches.values())), low)
    for name, curve in curves.items():
        numbers = np.arange(1, len(curve) + 1)
        best = int(np.nanargmax(curve))
        told = f"best: {curve[best]:.4f}"
        label = "best so far" if len(curves) == 1 else f"{name}, {told}"
        (line,) = left.plot(numbers, np.fmax(curve, low), drawstyle="steps-post", label=label)
        (star,) = left.plot(numbers[best], curve[best], "*", color=line.get_color(), markersize=11)
        if len(curves) == 1:
            star.set(color=VERMILION, label=told)
    left.set(xlabel="candidates", ylabel=f"validation {called}")
    left.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(figure, [left])
    draw_regret(right, {name: [curve] for name, curve in curves.items()}, called)
    return figure


def _draw_candidates(axes: Axes, candidates: Sequence[Candidate], low: float) -> None:
    """Draw a mark for each score; scores below ``low`` stand at the edge."""
    counted = [item for item in candidates if item.state not in _UNCOUNTED]
    for state, marker, label in (("complete", "o", "candidate"), ("stopped", "x", "stopped early")):
        scored = [
            (n, item.score)
            for n, item in enumerate(counted, start=1)
            if item.state == state and item.score is not None
        ]
        for mark, words, points in (
            (marker, label, [point for point in scored if point[1] >= low]),
            ("v", "worse than is shown", [(n, low) for n, score in scored if score < low]),
        ):
            if points:
                x, y = zip(*points, strict=True)
                axes.scatter(x, y, s=14, marker=mark, color=GREY, label=words)


def importances(study: optuna.Study, objective: int) -> dict[str, float]:
    """Return how much of the scores' variance each gene explains by itself, by fANOVA.

    The method is that of Hutter, Hoos and Leyton-Brown 2014 (An Efficient Approach for Assessing
    Hyperparameter Importance), as Optuna has it; the forest's seed is fixed.

    Args:
        study: study of a search.
        objective: position of the score that decides among the objectives.

    Returns:
        Shares that add up to one, the most important gene first; empty where there are fewer than
        :data:`LEAST_TRIALS` scores, or all are equal.
    """
    trials = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    scores = [trial.values[objective] for trial in trials]
    if len(scores) < LEAST_TRIALS or np.ptp(scores) == 0:
        return {}
    shares = get_param_importances(
        study,
        evaluator=FanovaImportanceEvaluator(seed=0),
        target=lambda trial: trial.values[objective],
    )
    return {name: float(share) for name, share in shares.items()}


def importance_figure(shares: Mapping[str, float], called: str = "AUC") -> Figure:
    """Draw bars for the most important genes.

    Args:
        shares: share of each gene in the explained variance, the most important gene first.
        called: what the score is called.
    """
    shown = dict(list(shares.items())[:_GENES])
    figure = Figure(figsize=(6.0, 0.8 + 0.24 * len(shown)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(shown), list(shown.values()), color=BLUE)
    axes.bar_label(bars, labels=[f"{share:.0%}" for share in shown.values()], padding=3)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    # Other steps would put ticks at 2.5 %, which is written as 2 %.
    axes.xaxis.set_major_locator(MaxNLocator(steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set(xlabel=f"share of the explained variance of the validation {called}")
    axes.margins(x=0.1)
    return figure
