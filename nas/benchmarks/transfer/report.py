"""The tables and the figure of the benchmark."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import mean

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nas.benchmarks.markdown import interval, table
from nas.benchmarks.transfer.judged import Transfer
from nas.common.provenance import command, environment
from nas.report.drawing import legible_on, wrapped

_HEAD = (
    "images",
    "epochs",
    "network",
    "learned from",
    "tested on",
    "seeds",
    "test AUC",
    "ECE",
    "temperature",
    "ECE at that",
    "log loss",
    "log loss at that",
)
_HELP_HEAD = (
    "network",
    "test images",
    "rows",
    "ECE",
    "ECE at the temperature",
    "log loss",
    "log loss at the temperature",
    "rows with less log loss",
)
# What the panels show of each pair of kinds, and whether more of it is better.
_MEASURES: dict[str, tuple[Callable[[Transfer], float], bool]] = {
    "test AUC": (lambda row: row.auc, True),
    "ECE": (lambda row: row.ece, False),
    "ECE, scaled": (lambda row: row.scaled_ece, False),
}
_PANEL = (2.6, 2.3)


def transfer_page(rows: Sequence[Transfer]) -> str:
    """Return the page of Markdown.

    Args:
        rows: Rows that are done.
    """
    about = {"command": f"`{command()}`", **environment()}
    lines = [
        "# Other images than those learned from",
        "",
        "Small-scale trainings on a CPU. Each network is tested on images of its own kind and of "
        "all others, normalised as those that it learned from. ECE is the expected calibration "
        "error, in 15 bins of the probability of the most probable class. The temperature divides "
        "the logits; it has the least log loss (nats) on the validation images of the kind learned "
        "from, which also chose the epoch. An untied network has the layers and shapes of the "
        "symmetric one above it, with weights of its own. Intervals are of 95 % over seeds "
        "(Student's t); with two seeds they are wide. Other columns are means over seeds. The "
        "command and the environment are those that added the last rows; transfer.csv has the "
        "commit of each.",
        "",
        *table(("what", "value"), [(key, str(value)) for key, value in about.items()]),
        "",
        "![Test AUC and calibration error of every network, by what it learned from and was tested "
        "on](transfer.png)",
        "",
        "## Does a temperature help?",
        "",
        *table(_HELP_HEAD, _help(rows)),
        "",
        "## All rows",
        "",
        *table(_HEAD, [_row(group) for group in _groups(rows)]),
        "",
    ]
    return "\n".join(lines)


def transfer_figure(rows: Sequence[Transfer]) -> Figure:
    """Draw what each network reaches, by the kind learned from and the kind tested on.

    The figure is of the sizes of the last row; numbers are means over seeds.
    """
    last = _sizes(rows[-1])
    shown = [row for row in rows if _sizes(row) == last]
    networks = list(dict.fromkeys(row.network for row in shown))
    width, height = _PANEL
    figure = Figure(
        figsize=(0.8 + width * len(networks), 0.6 + height * len(_MEASURES)), layout="constrained"
    )
    panels = figure.subplots(len(_MEASURES), len(networks), sharex=True, sharey=True, squeeze=False)
    for column, network in enumerate(networks):
        panels[0, column].set_title(wrapped(network, width))
        for line, name in enumerate(_MEASURES):
            own = [row for row in shown if row.network == network]
            _draw(panels[line, column], own, name)
            panels[line, 0].set_ylabel(f"{name}\nlearned from")
        panels[-1, column].set_xlabel("tested on")
    return figure


def _draw(axes: Axes, rows: Sequence[Transfer], name: str) -> None:
    of, more_is_better = _MEASURES[name]
    kinds = list(dict.fromkeys(row.tested_on for row in rows))
    values = np.full((len(kinds), len(kinds)), np.nan)
    for (line, learned), (column, tested) in (
        (one, other) for one in enumerate(kinds) for other in enumerate(kinds)
    ):
        own = [of(row) for row in rows if (row.trained_on, row.tested_on) == (learned, tested)]
        if own:
            values[line, column] = mean(own)
    low, high = (0.5, 1.0) if more_is_better else (0.0, 0.5)
    cells = axes.imshow(values, vmin=low, vmax=high, aspect="auto")
    for (line, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            colour = legible_on(cells.to_rgba(value))
            axes.text(column, line, f"{value:.3f}", ha="center", va="center", color=colour)
    words = [kind.replace(" ", "\n") for kind in kinds]
    axes.set_xticks(range(len(kinds)), words)
    axes.set_yticks(range(len(kinds)), words)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _sizes(row: Transfer) -> tuple[int, ...]:
    return row.simulated, row.image_size, row.images, row.epochs


def _groups(rows: Sequence[Transfer]) -> list[list[Transfer]]:
    """Return rows that differ in their seed alone, network by network."""
    found: dict[tuple[object, ...], list[Transfer]] = {}
    for row in rows:
        found.setdefault(replace(row, seed=0).key, []).append(row)
    names = list(dict.fromkeys(row.network for row in rows))
    kinds = list(dict.fromkeys(row.tested_on for row in rows))

    def place(group: Sequence[Transfer]) -> tuple[object, ...]:
        row = group[0]
        where = kinds.index(row.trained_on), kinds.index(row.tested_on)
        return _sizes(row), names.index(row.network), *where

    return sorted(found.values(), key=place)


def _row(group: Sequence[Transfer]) -> tuple[str, ...]:
    first = group[0]
    return (
        f"{first.images:,}",
        str(first.epochs),
        first.network,
        first.trained_on,
        first.tested_on,
        str(len(group)),
        interval([row.auc for row in group]),
        f"{mean(row.ece for row in group):.3f}",
        f"{mean(row.temperature for row in group):.2f}",
        f"{mean(row.scaled_ece for row in group):.3f}",
        f"{mean(row.loss for row in group):.3f}",
        f"{mean(row.scaled_loss for row in group):.3f}",
    )


def _help(rows: Sequence[Transfer]) -> list[tuple[str, ...]]:
    """Return what a temperature brings each network, on images of its own kind and of others."""
    lines = []
    for network in dict.fromkeys(row.network for row in rows):
        of_network = [row for row in rows if row.network == network]
        own = [row for row in of_network if row.trained_on == row.tested_on]
        others = [row for row in of_network if row.trained_on != row.tested_on]
        for words, some in (("of its own kind", own), ("of another", others)):
            if some:
                lines.append((network, words, str(len(some)), *_helped(some)))
    return lines


def _helped(rows: Sequence[Transfer]) -> tuple[str, ...]:
    return (
        f"{mean(row.ece for row in rows):.3f}",
        f"{mean(row.scaled_ece for row in rows):.3f}",
        f"{mean(row.loss for row in rows):.3f}",
        f"{mean(row.scaled_loss for row in rows):.3f}",
        f"{sum(row.scaled_loss < row.loss for row in rows)} of {len(rows)}",
    )
