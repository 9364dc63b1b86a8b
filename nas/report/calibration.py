"""Whether the probabilities of networks mean what they say, on the test images."""

from collections.abc import Mapping, Sequence
from functools import partial
from statistics import mean, stdev

import numpy as np

from nas.common.figure import ShownFigure
from nas.report.drawing import STYLES, legend_above, picture
from nas.report.page import EMPTY, Cell, Section, Table, number
from nas.report.predictions import Predictions
from nas.training.reliability import BINS, Reliability
from nas.training.result import FinalScores
from nas.training.temperature import scaled

_EDGES = np.linspace(0, 1, BINS + 1)
# With fewer images than these, chance decides how many of a bin are right.
_LEAST_IMAGES = 5
_CAPTION = (
    "Left, how often the most probable class is right, by how probable it was said to be; on the "
    "dotted line the two agree, below it a network is too sure. Right, how many images were told "
    "how surely. All trainings of a network are taken together, and their range is shaded; bins "
    f"with fewer than {_LEAST_IMAGES} images are left out."
)


def calibration_section(
    networks: Mapping[str, Predictions],
    trainings: Mapping[str, Sequence[FinalScores]],
    drawn: Sequence[str],
) -> Section:
    """Return a section on how sure networks are of the test images, and how right.

    Args:
        networks: what the networks said, by name; all are in the table.
        trainings: their trainings, which know the temperatures.
        drawn: names of those that are drawn.
    """
    rows = [_row(name, told, trainings[name]) for name, told in networks.items()]
    columns = ("network", "ECE", "± seeds", "temperature", "ECE at that temperature")
    alt = "; ".join(f"{name}: {mean(calibration_errors(networks[name])):.3f}" for name in drawn)
    return Section(
        "Calibration",
        (
            "Of images that are told with 80 %, four in five should be right. The expected "
            "calibration error (ECE) is by how much the two differ, the mean over images "
            f"in {BINS} bins. The temperature divides the logits; it was fitted on validation "
            "images, and nas.predict --calibrated uses it.",
        ),
        (
            picture(
                "reliability",
                partial(reliability_figure, {name: networks[name] for name in drawn}),
                _CAPTION,
                f"{_CAPTION} Expected calibration errors: {alt}.",
            ),
        ),
        (Table("Means over seeds", columns, rows),),
    )


def _row(name: str, told: Predictions, trainings: Sequence[FinalScores]) -> tuple[Cell, ...]:
    errors = calibration_errors(told)
    deviation = stdev(errors) if len(errors) > 1 else None
    cells = Cell(name), number(mean(errors), ".4f"), number(deviation, ".4f")
    known = [one.temperature for one in trainings if one.temperature is not None]
    if len(known) < len(trainings):  # those of earlier versions have none
        return *cells, EMPTY, EMPTY
    after = [
        Reliability.of(told.labels, scaled(one, temperature)).error
        for one, temperature in zip(told.probabilities, known, strict=True)
    ]
    return *cells, number(mean(known), ".2f"), number(mean(after), ".4f")


def calibration_errors(predictions: Predictions) -> list[float]:
    """Return the expected calibration error of each training."""
    return [Reliability.of(predictions.labels, told).error for told in predictions.probabilities]


def reliability_figure(networks: Mapping[str, Predictions]) -> ShownFigure:
    """Draw how often networks are right against how sure they are, and how sure they are how often.

    Args:
        networks: predictions of networks for the same images, by name of the network.
    """
    figure = ShownFigure(figsize=(8.4, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    left.plot((0, 1), (0, 1), color="0.7", linewidth=0.8, linestyle=":")
    for position, (name, told) in enumerate(networks.items()):
        seeds = [Reliability.of(told.labels, one) for one in told.probabilities]
        labels = np.tile(told.labels, len(seeds))
        whole = Reliability.of(labels, np.concatenate(list(told.probabilities)))
        style = STYLES[position % len(STYLES)]
        label = f"{name}: ECE {mean(one.error for one in seeds):.3f}"
        filled = whole.share * len(labels) >= _LEAST_IMAGES
        x, y = whole.confidence[filled], whole.accuracy[filled]
        (line,) = left.plot(x, y, marker="o", markersize=3.5, linestyle=style, label=label)
        colour = line.get_color()
        if len(seeds) > 1:
            accuracies = np.array([one.accuracy[filled] for one in seeds])
            # In a bin that only some trainings have images in, the range is theirs.
            low, high = np.nanmin(accuracies, axis=0), np.nanmax(accuracies, axis=0)
            left.fill_between(x, low, high, color=colour, alpha=0.12)
        right.stairs(whole.share, _EDGES, color=colour, linestyle=style)
    least = 1 / len(next(iter(networks.values())).classes)
    for axes in (left, right):
        axes.set(xlim=(least - 0.02, 1.02), xlabel="probability of the most probable class")
        axes.xaxis.set_major_formatter("{x:g}")
    left.set(ylim=(-0.02, 1.02), ylabel="share that is right")
    right.set(ylabel="share of the images")
    legend_above(figure, [left])
    return figure
