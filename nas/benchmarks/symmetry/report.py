"""The figure of the benchmark."""

from collections.abc import Callable, Sequence
from itertools import cycle
from statistics import mean

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas.benchmarks.trainings import Training
from nas.report.drawing import COLOURS, GREY, log_costs, log_errors
from nas.report.efficiency import UNTIED

_LIGHT_GREY = "#c4c4c4"


def symmetry_figure(trainings: Sequence[Training]) -> Figure:
    """Draw the errors against free parameters, the number of training images, and seconds.

    The figure is of the first nuisance among the trainings. Twins have one colour; the untied one
    is dashed and hollow. Models of timm are grey.
    """
    shown = [one for one in trainings if one.nuisance == trainings[0].nuisance]
    most = max(one.images for one in shown)
    drawing = Figure(figsize=(10, 4.2), layout="constrained")
    left, right, time = drawing.subplots(1, 3, sharey=True)
    names = list(dict.fromkeys(one.network for one in shown))
    colours = _colours(names)
    for name in names:
        colour = colours[_base(name)]
        own = [one for one in shown if one.network == name]
        largest = [one for one in own if one.images == most]
        if largest:
            _draw(left, largest, lambda one: one.params, name, colour)
            alike = [one for one in largest if one.kind == largest[-1].kind]
            _draw_curve(time, alike, colour)
        _draw(right, own, lambda one: one.images, name, colour)
    left.set(xlabel="free parameters", ylabel="1 − AUC")
    left.set_title(f"test, {most:,} images, nuisance {shown[0].nuisance:g}")
    right.set(xlabel="training images", title="test")
    time.set(xlabel="seconds of training", title="validation, means over seeds")
    for axes in (left, right, time):
        log_costs(axes)
    log_errors(left)
    labels = right.get_legend_handles_labels()
    drawing.legend(*labels, loc="outside lower center", ncols=3, fontsize=8)
    return drawing


def _draw(
    axes: Axes,
    trainings: Sequence[Training],
    place: Callable[[Training], float],
    name: str,
    colour: str,
) -> None:
    places = sorted({place(one) for one in trainings})
    errors = [[1 - one.test_auc for one in trainings if place(one) == x] for x in places]
    face = "white" if _style(name) == "--" else colour
    axes.plot(
        places,
        [mean(some) for some in errors],
        _style(name),
        marker="o",
        markerfacecolor=face,
        color=colour,
        label=name,
    )
    for x, some in zip(places, errors, strict=True):
        axes.plot([x] * len(some), some, ".", markersize=3, color=colour)


def _draw_curve(axes: Axes, trainings: Sequence[Training], colour: str) -> None:
    """Draw the mean curve over seeds against the least seconds, which are disturbed least."""
    curve = [mean(aucs) for aucs in zip(*(one.aucs for one in trainings), strict=True)]
    least = min(one.seconds for one in trainings)
    seconds = [least * (i + 1) / len(curve) for i in range(len(curve))]
    axes.plot(seconds, [1 - auc for auc in curve], _style(trainings[0].network), color=colour)


def _colours(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each network of a space with its twin, and for each model of timm."""
    bases = list(dict.fromkeys(_base(name) for name in names))
    ours = [name for name in bases if "/" in name]
    others = [name for name in bases if "/" not in name]
    return dict(zip(ours, cycle(COLOURS))) | dict(zip(others, cycle((GREY, _LIGHT_GREY))))


def _base(name: str) -> str:
    """Return the name of the symmetric network of a twin; that of any other network is its own."""
    return name.removesuffix(UNTIED)


def _style(name: str) -> str:
    return "-" if _base(name) == name else "--"
