"""Compare funnels on the lensing benchmark: ``python -m nas.benchmarks.funnel``."""

import sys
from itertools import product

import numpy as np
import numpy.typing as npt
import optuna
from matplotlib.figure import Figure
from scipy import stats

from nas.benchmarks.figures import write_figure
from nas.benchmarks.funnel.searches import Funnel, moments, recommended_after
from nas.benchmarks.funnel.settings import FunnelBenchmarkSettings
from nas.benchmarks.markdown import table
from nas.benchmarks.table.bench import LensBench
from nas.common.files import make_directory, write_json, write_text
from nas.common.progress import progress
from nas.common.provenance import command, environment
from nas.report.drawing import COLOURS, legend_above, log_costs
from nas.samplers.names import SAMPLERS

Losses = dict[Funnel, npt.NDArray[np.float64]]
"""What each search lost after each number of minutes, shape (seeds, minutes)."""


def run(settings: FunnelBenchmarkSettings) -> None:
    """Search, print the table, and write it with its figure.

    Raises:
        UserError: There is no table, it is not whole or has too few seeds for finals, or a strategy
            is unknown.
    """
    for strategy in settings.strategies:
        SAMPLERS.require(strategy)
    bench = LensBench.read_whole(settings.table, finals=any(settings.finalists))
    make_directory(settings.out, "--out")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    funnels = [
        Funnel(*shape)
        for shape in product(settings.strategies, settings.first_rungs, settings.finalists)
    ]
    minutes = sorted(settings.minutes)
    best = float(bench.values("val_auc").mean(axis=1).max())
    losses: Losses = {}
    with progress("searching", len(funnels) * settings.seeds, "searches") as advance:
        for funnel in funnels:
            rows = []
            for seed in range(settings.seeds):
                course = list(moments(bench, funnel, seed, 60 * minutes[-1]))
                found = [recommended_after(course, 60 * limit).judged.val_auc for limit in minutes]
                rows.append([best - auc for auc in found])
                advance(1)
            losses[funnel] = np.array(rows)
    _publish(settings, minutes, losses)


def _publish(settings: FunnelBenchmarkSettings, minutes: list[float], losses: Losses) -> None:
    rows = [
        (str(funnel), *(_told(values[:, place]) for place in range(len(minutes))))
        for funnel, values in sorted(losses.items(), key=lambda item: item[1].mean())
    ]
    about = {"command": f"`{command()}`", "searches of each": settings.seeds, **environment()}
    page = "\n".join(
        [
            "# Funnels on the lensing benchmark",
            "",
            "By how much the validation AUC of the recommended network is below that of the best "
            "network of the table, in thousandths, after so many minutes of training on one core: "
            "mean over searches, with its interval of 95 %. The best mean over all times comes "
            "first. It is the AUC of a training that the search did not see; finals train with "
            "seeds of their own, and their minutes count. By this page the shape of the default "
            "search is chosen, so no test image is looked at.",
            "",
            *table(("funnel", *(f"{limit:g} min" for limit in minutes)), rows),
            "",
            "![What is lost over minutes](funnel.png)",
            "",
            *table(("what", "value"), [(name, str(value)) for name, value in about.items()]),
            "",
        ]
    )
    write_text(settings.out / "funnel.md", page)
    write_json(
        settings.out / "funnel.json",
        {
            **about,
            "minutes": minutes,
            "losses": {str(funnel): values.tolist() for funnel, values in losses.items()},
        },
    )
    write_figure(lambda: _figure(minutes, losses), settings.out / "funnel.png")
    sys.stdout.write(page)


def _told(values: npt.NDArray[np.float64]) -> str:
    half = stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)
    return f"{1000 * values.mean():.2f} ± {1000 * half:.2f}"


def _figure(minutes: list[float], losses: Losses) -> Figure:
    """Draw one panel for each strategy, with the mean loss of each shape over minutes."""
    strategies = list(dict.fromkeys(funnel.strategy for funnel in losses))
    shapes = list(dict.fromkeys(funnel[1:] for funnel in losses))
    figure = Figure(figsize=(3.6 * len(strategies) + 0.6, 3.6), layout="constrained")
    panels = figure.subplots(1, len(strategies), sharey=True, squeeze=False)[0]
    for axes, strategy in zip(panels, strategies, strict=True):
        for number, shape in enumerate(shapes):
            funnel = Funnel(strategy, *shape)
            axes.plot(
                minutes,
                1000 * losses[funnel].mean(axis=0),
                marker="o",
                color=COLOURS[number % len(COLOURS)],
                label=str(funnel).removeprefix(f"{strategy}, "),
            )
        axes.set(title=strategy, xlabel="minutes of training")
        log_costs(axes)
    panels[0].set_ylabel("validation AUC below the best, thousandths")
    legend_above(figure, list(panels))
    return figure
