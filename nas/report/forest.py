"""Networks below each other with their scores and how sure these are."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from nas.report.drawing import BLUE, GREEN, GREY, VERMILION, least_shown, wrapped
from nas.report.rows import Row

_LOOKS = {"found": (VERMILION, "*", 11), "baseline": (BLUE, "o", 6), "named": (GREEN, "s", 6)}
# Names may be so wide, and need so much room for a line and around their lines.
_NAME_INCHES, _LINE_INCHES, _AROUND_INCHES = 2.6, 0.16, 0.14


def forest_figure(rows: Sequence[Row]) -> Figure:
    """Draw the test AUC of each network, its 95 % interval as a line, and its seeds as small dots.

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
        colour, marker, size = _LOOKS[row.kind]
        if row not in shown:
            axes.text(edge, y, f"◂ {row.test_auc:.4f}", color=colour, va="center")
            continue
        if row.interval is not None:
            axes.hlines(y, *row.interval, color=colour, linewidth=1.6)
        seeds = [training.test["auc"] for training in row.trainings]
        axes.plot(seeds, [y + 0.22] * len(seeds), ".", color=GREY, markersize=4)
        axes.plot(row.test_auc, y, marker, color=colour, markersize=size)
    kinds = dict.fromkeys(row.kind for row in rows)
    handles = [
        Line2D([], [], color=_LOOKS[kind][0], marker=_LOOKS[kind][1], markersize=7, label=kind)
        for kind in kinds
    ]
    handles.append(Line2D([], [], color=GREY, marker=".", linestyle="none", label="a seed"))
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles))
    axes.set_yticks(range(len(rows)), names)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set(xlabel="macro one-vs-rest AUC on the test images")
    axes.grid(visible=False, axis="y")
    return figure


def _values(row: Row) -> list[float]:
    """Return all AUCs that are drawn of a row."""
    return [
        row.test_auc,
        *(row.interval or ()),
        *(training.test["auc"] for training in row.trainings),
    ]
