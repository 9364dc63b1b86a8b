"""Networks below each other with their scores and how sure these are."""

from collections.abc import Sequence
from statistics import mean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nas.report.drawing import BLUE, GREEN, GREY, VERMILION, least_shown, wrapped
from nas.report.rows import Row
from nas.training.deciding import averaged_name, deciding

_TITLES = {"auc": "macro one-vs-rest AUC", "r2": "R²"}
_LOOKS = {"found": (VERMILION, "*", 11), "baseline": (BLUE, "o", 6), "named": (GREEN, "s", 6)}
# Names may be so wide, and need so much room for a line and around their lines.
_NAME_INCHES, _LINE_INCHES, _AROUND_INCHES = 2.6, 0.16, 0.26
# The two scores of a network stand so far above and below its name, and its seeds below each.
_APART, _BELOW = 0.2, 0.13


def forest_figure(rows: Sequence[Row]) -> Figure:
    """Draw the test score of each network, its 95 % interval as a line, its seeds as small dots.

    Below it, hollow, stands the score of answers that are averaged over the symmetries of the
    image, with its seeds.

    Args:
        rows: rows with scores, the best first, without references.
    """
    names = [wrapped(row.name, _NAME_INCHES) for row in rows]
    lines = max(name.count("\n") + 1 for name in names)
    height = 1.1 + len(rows) * (lines * _LINE_INCHES + _AROUND_INCHES)
    figure = Figure(figsize=(7.2, height), layout="constrained")
    axes = figure.subplots()
    low = least_shown([row.test_score for row in rows])
    shown = [row for row in rows if row.test_score >= low]
    edge = min(min(_values(row)) for row in shown)
    for y, row in enumerate(rows):
        if row in shown:
            _draw(axes, y, row)
        else:
            colour, _, _ = _LOOKS[row.kind]
            axes.text(edge, y, f"◂ {row.test_score:.4f}", color=colour, va="center")
    figure.legend(handles=_handles(rows), loc="outside upper center", ncols=3)
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set(xlabel=f"{_TITLES[_score(rows[0])]} on the test images")
    axes.grid(visible=False, axis="y")
    return figure


def _draw(axes: Axes, y: float, row: Row) -> None:
    colour, marker, size = _LOOKS[row.kind]
    if row.interval is not None:
        axes.hlines(y - _APART, *row.interval, color=colour, linewidth=1.6)
    axes.plot(row.test_score, y - _APART, marker, color=colour, markersize=size)
    _draw_seeds(axes, y - _APART, _seeds(row, _score(row)))
    if averaged := _seeds(row, averaged_name(_score(row))):
        (hollow,) = axes.plot(mean(averaged), y + _APART, marker, color=colour, markersize=size)
        hollow.set_markerfacecolor(mpl.rcParams["axes.facecolor"])
        _draw_seeds(axes, y + _APART, averaged)


def _draw_seeds(axes: Axes, y: float, scores: Sequence[float]) -> None:
    axes.plot(scores, [y + _BELOW] * len(scores), ".", color=GREY, markersize=4)


def _score(row: Row) -> str:
    """Return the name of the score that decides."""
    return deciding(row.metrics["test"])


def _seeds(row: Row, name: str) -> list[float]:
    """Return a score by seed; trainings of the first version lack the averaged one."""
    return [training.test[name] for training in row.trainings if name in training.test]


def _values(row: Row) -> list[float]:
    """Return all scores that are drawn of a row."""
    names = _score(row), averaged_name(_score(row))
    return [row.test_score, *(row.interval or ()), *(one for n in names for one in _seeds(row, n))]


def _handles(rows: Sequence[Row]) -> list[Line2D]:
    kinds = dict.fromkeys(row.kind for row in rows)
    handles = [
        Line2D([], [], color=_LOOKS[kind][0], marker=_LOOKS[kind][1], markersize=7, label=kind)
        for kind in kinds
    ]
    if any(_seeds(row, averaged_name(_score(row))) for row in rows):
        hollow = Line2D([], [], color=GREY, marker="o", markersize=7, linestyle="none")
        hollow.set(markerfacecolor="none", label="averaged over symmetries")
        handles.append(hollow)
    return [*handles, Line2D([], [], color=GREY, marker=".", linestyle="none", label="a seed")]
