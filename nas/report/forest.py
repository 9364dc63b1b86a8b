"""Networks below each other with their scores and how sure these are."""

from collections.abc import Sequence
from statistics import mean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nas.report.drawing import BLUE, GREEN, GREY, VERMILION, least_shown, wrapped
from nas.report.rows import Row
from nas.training.result import AVERAGED

_LOOKS = {"found": (VERMILION, "*", 11), "baseline": (BLUE, "o", 6), "named": (GREEN, "s", 6)}
# Names may be so wide, and need so much room for a line and around their lines.
_NAME_INCHES, _LINE_INCHES, _AROUND_INCHES = 2.6, 0.16, 0.26
# The two scores of a network stand so far above and below its name, and its seeds below each.
_APART, _BELOW = 0.2, 0.13


def forest_figure(rows: Sequence[Row]) -> Figure:
    """Draw the test AUC of each network, its 95 % interval as a line, and its seeds as small dots.

    Below it, hollow, stands the AUC of probabilities that are averaged over the symmetries of the
    image, with its seeds.

    Args:
        rows: rows with scores, the best first, without references.
    """
    names = [wrapped(row.name, _NAME_INCHES) for row in rows]
    lines = max(name.count("\n") + 1 for name in names)
    height = 1.1 + len(rows) * (lines * _LINE_INCHES + _AROUND_INCHES)
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots()
    low = least_shown([row.test_auc for row in rows])
    shown = [row for row in rows if row.test_auc >= low]
    edge = min(min(_values(row)) for row in shown)
    for y, row in enumerate(rows):
        if row in shown:
            _draw(axes, y, row)
        else:
            colour, _, _ = _LOOKS[row.kind]
            axes.text(edge, y, f"◂ {row.test_auc:.4f}", color=colour, va="center")
    figure.legend(handles=_handles(rows), loc="outside upper center", ncols=3)
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set(xlabel="macro one-vs-rest AUC on the test images")
    axes.grid(visible=False, axis="y")
    return figure


def _draw(axes: Axes, y: float, row: Row) -> None:
    colour, marker, size = _LOOKS[row.kind]
    if row.interval is not None:
        axes.hlines(y - _APART, *row.interval, color=colour, linewidth=1.6)
    axes.plot(row.test_auc, y - _APART, marker, color=colour, markersize=size)
    _draw_seeds(axes, y - _APART, _seeds(row, "auc"))
    if averaged := _seeds(row, AVERAGED):
        (hollow,) = axes.plot(mean(averaged), y + _APART, marker, color=colour, markersize=size)
        hollow.set_markerfacecolor(mpl.rcParams["axes.facecolor"])
        _draw_seeds(axes, y + _APART, averaged)


def _draw_seeds(axes: Axes, y: float, aucs: Sequence[float]) -> None:
    axes.plot(aucs, [y + _BELOW] * len(aucs), ".", color=GREY, markersize=4)


def _seeds(row: Row, name: str) -> list[float]:
    """Return a score by seed; trainings of the first version lack the averaged one."""
    return [training.test[name] for training in row.trainings if name in training.test]


def _values(row: Row) -> list[float]:
    """Return all AUCs that are drawn of a row."""
    return [row.test_auc, *(row.interval or ()), *_seeds(row, "auc"), *_seeds(row, AVERAGED)]


def _handles(rows: Sequence[Row]) -> list[Line2D]:
    kinds = dict.fromkeys(row.kind for row in rows)
    handles = [
        Line2D([], [], color=_LOOKS[kind][0], marker=_LOOKS[kind][1], markersize=7, label=kind)
        for kind in kinds
    ]
    if any(_seeds(row, AVERAGED) for row in rows):
        hollow = Line2D([], [], color=GREY, marker="o", markersize=7, linestyle="none")
        hollow.set(markerfacecolor="none", label="averaged over symmetries")
        handles.append(hollow)
    return [*handles, Line2D([], [], color=GREY, marker=".", linestyle="none", label="a seed")]
