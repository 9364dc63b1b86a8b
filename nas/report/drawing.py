"""The look of all figures, and how they become bytes: PNG for the page, and PDF for papers.

Figures are made and saved inside :func:`style`, and once more for readers whose screen is dark.
Nothing in a file depends on the time, so the same numbers give the same bytes.
"""

import io
import math
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, LogLocator, MaxNLocator, NullLocator

from nas.common.figure import ShownFigure

# Okabe and Ito's colours, which colour-blind readers can tell apart; yellow is left out, being pale
# on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, BLACK = COLOURS
GREY = "#8a8a8a"
STYLES = ("-", "--", "-.", ":")
"""Styles of lines, the plainest first."""

FILE_NAME = re.compile(
    r"(architecture-\d+|confusion|costs|efficiency|funnel|importances|learning|mistakes|reliability|roc"
    r"|scatter|scores|search|searches|successes)\.(png|pdf)"
)
"""Names of the files that figures of reports get; other files in their directory are not ours."""

_DOTS = 180
# So many panels stand beside each other.
_COLUMNS = 3
# A score is poor if it is so many times as far from the median as the best is.
_POOR = 3.0
# What ticks of scores lack to 1, times a power of ten; the first that are not too many are drawn.
_STEPS = ((5, 4, 3, 2, 1), (5, 2, 1), (3, 1), (1,))
_MOST_TICKS = 8
# Inches that a letter and a line of a legend take on average, and letters that its mark takes.
_LETTER, _LINE, _MARK = 0.085, 0.17, 7
# How bright red, green and blue look (ITU-R BT.709).
_LUMA = (0.2126, 0.7152, 0.0722)
# Ink and paper of the dark page, as style.css has them.
_LIGHT_INK, _DARK_PAPER = "#e6eaf0", "#14181e"

_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.25,
    "axes.prop_cycle": cycler(color=COLOURS),
    "legend.frameon": False,
    # Names come from outside, and a dollar sign in them begins no formula.
    "text.parse_math": False,
    "pdf.fonttype": 42,
    "image.cmap": "Blues",
}
_DARK: dict[Any, Any] = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), _DARK_PAPER),
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"),
        _LIGHT_INK,
    ),
    "axes.prop_cycle": cycler(color=(*COLOURS[:-1], _LIGHT_INK)),
    "image.cmap": "Blues_r",
}


@contextmanager
def style() -> Iterator[None]:
    """Give the figures that are made and saved inside the look of this toolkit."""
    with mpl.rc_context(_STYLE):
        yield


@dataclass(frozen=True)
class Picture:
    """A figure with its words.

    Attributes:
        name: name of the figure's files, without suffix.
        caption: what stands below the figure.
        alt: what the figure shows, for those who cannot see it.
        inches: width of the figure.
        png: the figure as the page shows it.
        dark: the figure as the page shows it on a dark screen.
        pdf: the figure for papers.
    """

    name: str
    caption: str
    alt: str
    inches: float
    png: bytes
    dark: bytes
    pdf: bytes


def picture(name: str, draw: Callable[[], Figure], caption: str, alt: str) -> Picture:
    """Return a figure with its words, saved as PNG and PDF.

    Args:
        name: name of the files, one of :data:`FILE_NAME`, without suffix.
        draw: makes the figure in the colours of the style that it is called in.
        caption: what stands below the figure.
        alt: what the figure shows, for those who cannot see it.
    """
    assert FILE_NAME.fullmatch(f"{name}.png"), (
        f"{name} must be known, or its files are never removed"
    )
    figure = draw()
    with mpl.rc_context(_DARK):
        dark = _save(draw(), "png")
    png, pdf = _save(figure, "png"), _save(figure, "pdf")
    return Picture(name, caption, alt, figure.get_figwidth(), png, dark, pdf)


def panel_figure(count: int, width: float, height: float) -> tuple[ShownFigure, list[Axes]]:
    """Return a figure of panels, three in a row at most, and their axes.

    Args:
        count: number of panels.
        width: width of a panel in inches.
        height: its height in inches.
    """
    columns = min(count, _COLUMNS)
    rows = -(-count // columns)
    figure = ShownFigure(figsize=(columns * width, rows * height), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for spare in axes[count:]:
        spare.set_visible(False)
    return figure, axes[:count]


def ink() -> str:
    """Return the colour of words in the style that a figure is made in."""
    return str(mpl.rcParams["text.color"])


def legible_on(colour: npt.ArrayLike) -> str:
    """Return black or white, whichever can be read on a colour."""
    return "black" if np.dot(np.asarray(colour)[:3], _LUMA) > 0.5 else "white"


def wrapped(name: str, inches: float) -> str:
    """Return a name from outside in lines that are about so long at most.

    Example:
        >>> print(wrapped("found: evolution_of_hybrid_nano-2026-01-31", 2.0))
        found: evolution_of_
        hybrid_nano-2026-01-31
    """
    room = int(inches / _LETTER)
    lines = [""]
    # A line may end at any of these marks; what has none for too long is broken anywhere.
    for piece in re.findall(rf"[^-_/,\s]{{1,{room - 1}}}[-_/,\s]?|[-_/,\s]", name):
        if len(lines[-1]) + len(piece.rstrip()) > room:
            lines.append("")
        lines[-1] += piece
    return "\n".join(line.strip() for line in lines)


def legend_above(figure: Figure, panels: Sequence[Axes]) -> None:
    """Draw one legend of all panels above them, where it covers nothing.

    The figure grows by the lines that the legend has beyond the first.

    Args:
        figure: figure of the panels.
        panels: panels whose artists have labels; equal labels stand in the legend once.
    """
    entries: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= dict(zip(map(str, labels), handles, strict=True))
    width = figure.get_figwidth()
    names = [wrapped(label, width - _MARK * _LETTER) for label in entries]
    longest = max(len(line) for name in names for line in name.splitlines())
    columns = max(1, min(int(width / _LETTER) // (longest + _MARK), len(names)))
    figure.legend(list(entries.values()), names, loc="outside upper center", ncols=columns)
    lines = math.ceil(sum(name.count("\n") + 1 for name in names) / columns)
    figure.set_figheight(figure.get_figheight() + (lines - 1) * _LINE)


def log_costs(axes: Axes) -> None:
    """Give the horizontal axis, of positive costs, a logarithmic scale.

    The numbers at its ticks are such as 0.5, 200 k and 3 M.
    """
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    steps = (1, 2, 5) if high / low < 100 else (1, 3) if high / low < 3000 else (1,)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [
        step * 10.0**power
        for power in powers
        for step in steps
        if low <= step * 10.0**power <= high
    ]
    if len(ticks) < 3:
        ticks = [
            tick
            for tick in MaxNLocator(6, steps=[1, 2, 5, 10]).tick_values(low, high)
            if low <= tick <= high
        ]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_minor_locator(NullLocator())
    large = EngFormatter(sep="\N{NARROW NO-BREAK SPACE}")
    # EngFormatter would write half a millisecond as 500 m.
    axes.xaxis.set_major_formatter(lambda value, _: large(value) if value >= 1 else f"{value:g}")


def log_errors(axes: Axes) -> None:
    """Give the vertical axis, of what is missing to 1, a logarithmic scale with plain numbers."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.yaxis.set_minor_locator(NullLocator())


def scale_to_one(axes: Axes) -> None:
    """Give the vertical axis, of scores, a scale on which .9, .99 and .999 are equally far apart.

    What is missing to 1 is seen at every height; scores closer to 1 than 1e-5 stand there.
    """
    axes.set_yscale(
        "function",
        functions=(lambda score: -np.log10(np.maximum(1 - score, 1e-5)), lambda y: 1 - 10.0**-y),
    )
    axes.autoscale(axis="y")  # The limits may have been those of another scale.
    low, high = axes.get_ylim()
    ticks = next(
        (found for steps in _STEPS if len(found := _below_one(steps, low, high)) <= _MOST_TICKS), []
    )
    if len(ticks) < 3:
        ticks = [tick for tick in MaxNLocator(5).tick_values(low, high) if low <= tick <= high]
    axes.yaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(lambda score, _: f"{score:.7g}")


def _below_one(steps: Sequence[float], low: float, high: float) -> list[float]:
    errors = (step * 10.0**power for power in range(1, -6, -1) for step in steps)
    return [1 - error for error in errors if low <= 1 - error <= high]


def least_shown(scores: Sequence[float]) -> float:
    """Return where an axis of scores may begin, so that a few poor ones do not squeeze the others.

    Poorer scores are drawn there, at the edge.
    """
    median, best = np.median(scores), max(scores)
    return max(min(scores), float(median - _POOR * (best - median)))


def _save(figure: Figure, kind: str) -> bytes:
    # Without these, a file would say when and by which version it was made.
    silent = {
        "png": {"Software": None},
        "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    }
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=_DOTS, metadata=silent[kind])
    return stream.getvalue()
