"""How the networks of a leaderboard learned: the validation score after each epoch."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nas.report.drawing import STYLES, legend_above, picture, scale_to_one
from nas.report.page import Section
from nas.report.rows import Row
from nas.training.deciding import CALLED, deciding
from nas.training.record import LOG, read_curve

LearningCurve = Sequence[float]
"""A validation AUC, or R², after each epoch."""


def learning_section(rows: Sequence[Row], directory: Path) -> Section:
    """Return a section with the learning curves of all trainings whose logs are there.

    Args:
        rows: rows with scores.
        directory: directory of the leaderboard.

    Raises:
        UserError: a log is damaged.
    """
    liked = sorted(rows, key=lambda row: -row.validation_score)
    curves = {row.name: own for row in liked if (own := _curves(row, directory))}
    if not curves:
        return Section(
            "How they learned", ("The logs of the trainings are not beside leaderboard.json.",)
        )
    called = CALLED[deciding(liked[0].metrics["validation"])]
    caption = (
        f"Validation {called} after each epoch, a line for each seed; the dot is the epoch that "
        "validation chose. The scale is that of what is missing to 1."
    )
    ends = "; ".join(
        f"{name}: " + ", ".join(f"{max(one):.4f}" for one in own) for name, own in curves.items()
    )
    alt = f"{caption} {called} of that epoch by seed. {ends}."
    return Section(
        "How they learned",
        pictures=(picture("learning", partial(learning_figure, curves, called), caption, alt),),
    )


def _curves(row: Row, directory: Path) -> list[LearningCurve]:
    """Return the curves of all seeds whose logs are there."""
    logs = ((directory / training.predictions).with_name(LOG) for training in row.trainings)
    return [curve for log in logs if log.exists() and (curve := read_curve(log))]


def learning_figure(curves: Mapping[str, Sequence[LearningCurve]], called: str = "AUC") -> Figure:
    """Draw the validation score after each epoch: a colour for each network, a line for each seed.

    Args:
        curves: curves of all seeds by name of the network.
        called: what the score is called.
    """
    figure = Figure(figsize=(7.6, 4.4), layout="constrained")
    axes = figure.subplots()
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    for position, (name, own) in enumerate(curves.items()):
        turn, place = divmod(position, len(colours))
        colour, style = colours[place], STYLES[turn % len(STYLES)]
        for seed, curve in enumerate(own):
            label = name if seed == 0 else None
            epochs, best = range(1, len(curve) + 1), int(np.argmax(curve))
            axes.plot(epochs, curve, style, color=colour, linewidth=1.0, label=label)
            axes.plot(epochs[best], curve[best], ".", color=colour, markersize=7)
    scale_to_one(axes)
    axes.set(xlabel="epoch", ylabel=f"validation {called}", xlim=(0.5, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(figure, [axes])
    return figure
