"""How the networks of a leaderboard learned: validation AUC after each epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nas.report.drawing import auc_scale, legend_above, picture
from nas.report.page import Section
from nas.report.rows import Row
from nas.training.record import LOG, read_curve

_STYLES = ("-", "--", ":")


@dataclass(frozen=True)
class LearningCurve:
    """The course of one training.

    Attributes:
        aucs: validation AUC after each epoch.
        chosen: number of the epoch that validation chose, from 1.
    """

    aucs: Sequence[float]
    chosen: int


def learning_section(rows: Sequence[Row], directory: Path) -> Section:
    """Return a section with the learning curves of all trainings whose logs are there.

    Args:
        rows: rows with scores.
        directory: directory of the leaderboard.

    Raises:
        UserError: a log is damaged.
    """
    curves = {row.name: _curves(row, directory) for row in _liked(rows)}
    curves = {name: own for name, own in curves.items() if own}
    if not curves:
        return Section(
            "How they learned", ("The logs of the trainings are not beside leaderboard.json.",)
        )
    caption = (
        "Validation AUC after each epoch, a line for each seed; the dot is the epoch that "
        "validation chose. The scale is that of what is missing to 1."
    )
    ends = "; ".join(
        f"{name}: " + ", ".join(f"{one.aucs[one.chosen - 1]:.4f}" for one in own)
        for name, own in curves.items()
    )
    alt = f"{caption} AUC of that epoch by seed. {ends}."
    return Section(
        "How they learned",
        pictures=(picture("learning", partial(learning_figure, curves), caption, alt),),
    )


def _liked(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: -row.validation_auc)


def _curves(row: Row, directory: Path) -> list[LearningCurve]:
    logs = {
        (directory / training.predictions).with_name(LOG): training.epoch
        for training in row.trainings
    }
    return [LearningCurve(read_curve(log), epoch) for log, epoch in logs.items() if log.exists()]


def learning_figure(curves: Mapping[str, Sequence[LearningCurve]]) -> Figure:
    """Draw the validation AUC after each epoch: a colour for each network, a line for each seed.

    Args:
        curves: curves of all seeds by name of the network.
    """
    figure = Figure(figsize=(7.6, 4.4), layout="constrained")
    axes = figure.subplots()
    colours = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    for number, (name, own) in enumerate(curves.items()):
        colour, style = colours[number % len(colours)], _STYLES[number // len(colours) % 3]
        for seed, one in enumerate(own):
            epochs = range(1, len(one.aucs) + 1)
            label = name if seed == 0 else None
            axes.plot(epochs, one.aucs, style, color=colour, linewidth=1.0, label=label)
            axes.plot(one.chosen, one.aucs[one.chosen - 1], ".", color=colour, markersize=7)
    auc_scale(axes)
    axes.set(xlabel="epoch", ylabel="validation AUC", xlim=(0.5, None))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    legend_above(figure, [axes])
    return figure
