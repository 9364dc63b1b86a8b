"""Figures of scores against parameters, FLOPs and latency, with the Pareto front of each."""

from collections.abc import Mapping, Sequence

from adjustText import adjust_text
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas.report.drawing import (
    BLUE,
    GREY,
    VERMILION,
    least_shown,
    legend_above,
    log_costs,
)
from nas.search.objectives import decided_by, objective, pareto
from nas.search.result import Candidate

# Names beside points have so many letters of their beginning and of their end.
_HEAD, _TAIL = 17, 8
# They are moved away from each other so many times.
_MOVES = 300
_TITLES = {"params": "parameters", "flops": "FLOPs of one image"}


def cost_names(candidates: Sequence[Candidate]) -> list[str]:
    """Return the costs that are known of every candidate.

    They are names of :data:`nas.search.options.OBJECTIVES`.
    """
    latency = ["latency"] if all(item.latency_ms is not None for item in candidates) else []
    return ["params", "flops", *latency]


def cost_figure(
    candidates: Sequence[Candidate],
    *,
    score: str,
    marked: Mapping[int, str],
    labels: Mapping[int, str] | None = None,
    intervals: Mapping[int, tuple[float, float]] | None = None,
    latency: str,
) -> Figure:
    """Draw a panel for each cost, with the Pareto front of score and that cost as a line.

    Args:
        candidates: complete candidates, each architecture once.
        score: title of the axis of the score, an AUC or an R².
        marked: legends of the networks that stand out, by number of the candidate.
        labels: names to write beside the points, by number of the candidate.
        intervals: intervals of the score, by number of the candidate.
        latency: title of the axis of latency.
    """
    names = cost_names(candidates)
    wide = labels is not None
    columns = 1 if wide else len(names)
    figure = Figure(
        figsize=(7.6, 4.4 * len(names)) if wide else (0.6 + 3.6 * columns, 3.4),
        layout="constrained",
    )
    panels = figure.subplots(-(-len(names) // columns), columns, squeeze=False).flat
    for axes, name in zip(panels, names, strict=True):
        _draw(axes, candidates, name, marked, intervals or {})
        axes.set(xlabel=_TITLES.get(name, latency), ylabel=score)
        log_costs(axes)
        if labels is not None:
            _write_names(axes, candidates, name, labels)
    # All panels share one legend, for what is in one need not be in the other.
    legend_above(figure, figure.axes)
    return figure


def _draw(
    axes: Axes,
    candidates: Sequence[Candidate],
    name: str,
    marked: Mapping[int, str],
    intervals: Mapping[int, tuple[float, float]],
) -> None:
    low, decides = least_shown(_scores(candidates)), decided_by(candidates)
    front = sorted(pareto(candidates, (decides, name)), key=lambda item: objective(item, name))
    axes.plot(
        *_points(front, name, low), color=BLUE, linewidth=1.2, drawstyle="steps-post", zorder=1
    )
    poor = [item for item in candidates if objective(item, decides) < low]
    beaten = [item for item in candidates if item not in front and item not in poor]
    for marker, colour, label, group in (
        ("o", GREY, "beaten in both", beaten),
        ("o", BLUE, "Pareto front", [item for item in front if item not in poor]),
        ("v", GREY, "worse than is shown", poor),
    ):
        if group:
            axes.scatter(
                *_points(group, name, low), s=20, marker=marker, color=colour, label=label, zorder=2
            )
    for item in candidates:
        point = _points([item], name, low)
        if item.number in intervals and item not in poor:
            axes.vlines(point[0], *intervals[item.number], color=GREY, linewidth=0.8, zorder=0)
        if item.number in marked:
            axes.scatter(
                *point, marker="*", s=110, color=VERMILION, zorder=4, label=marked[item.number]
            )


def _points(
    candidates: Sequence[Candidate], name: str, low: float
) -> tuple[list[float], list[float]]:
    """Return costs and scores; poor scores are lifted to where the axis begins."""
    return [objective(item, name) for item in candidates], [
        max(low, score) for score in _scores(candidates)
    ]


def _scores(candidates: Sequence[Candidate]) -> list[float]:
    return [objective(item, decided_by(candidates)) for item in candidates]


def _write_names(
    axes: Axes, candidates: Sequence[Candidate], name: str, labels: Mapping[int, str]
) -> None:
    """Write names beside points, where they lie neither on each other nor on points.

    The score of a point that is lifted to the edge stands beside its name.
    """
    scores = _scores(candidates)
    x, y = _points(candidates, name, least_shown(scores))
    texts, lifted = [], 0
    for item, score, left, bottom in zip(candidates, scores, x, y, strict=True):
        words = _short(labels[item.number])
        if score < bottom:
            # They would begin in one line, and be pushed along it to one place.
            lifted, words = lifted + 1, f"{words}: {score:.4f}"
            bottom += 0.05 * (lifted - 1) * (max(y) - min(y))
        texts.append(axes.text(left, bottom, words, fontsize=8))
    adjust_text(
        texts,
        x,
        y,
        target_x=x,
        target_y=y,
        ax=axes,
        expand=(1.2, 1.5),
        # Without this, names are moved for a second, and the figure tells how fast the machine is.
        iter_lim=_MOVES,
        arrowprops={"arrowstyle": "-", "color": GREY, "linewidth": 0.6},
    )


def _short(name: str) -> str:
    """Return a name without its middle, where it is long: there is little room beside points."""
    return name if len(name) <= _HEAD + _TAIL + 1 else f"{name[:_HEAD]}…{name[-_TAIL:]}"
