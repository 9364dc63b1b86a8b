"""The page and the figure of the proof."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from nas.benchmarks.figures import write_figure
from nas.benchmarks.funnel.searches import regrets_at
from nas.benchmarks.markdown import interval, table
from nas.benchmarks.rows import write_lines
from nas.benchmarks.search.settings import RANDOM, SearchBenchmarkSettings
from nas.benchmarks.search.simulated import Simulated, SimulatedSearch
from nas.benchmarks.search.superiority import Superiority, superiority
from nas.benchmarks.search.trained import CHANCE, SearchOutcome
from nas.benchmarks.table.bench import LensBench
from nas.common.files import write_text
from nas.common.provenance import command, environment
from nas.report.drawing import COLOURS, legend_above
from nas.training.bootstrap import Floats
from nas.training.significance import holm

_LEAST = 2
"""Searches of a kind without which there is nothing to compare."""
_MOMENTS = 40


def publish_proof(
    settings: SearchBenchmarkSettings,
    simulated: tuple[LensBench, Sequence[Simulated]] | None,
    outcomes: Sequence[SearchOutcome],
) -> str:
    """Write the page and the figure, and return the page."""
    page = [
        "# What a search buys",
        "",
        "The questions, the kinds of search and the tests were written down before any of it was "
        f"run ([the proof](../../docs/proof.md)). Each search has {settings.trials} candidates and "
        f"{settings.finalists} finalists. *Better than random search* is the probability that a "
        "search finds a better network than a random search of the same number of candidates, "
        "rungs and finalists, with its interval of 95 %; p is of Mann and Whitney's test, "
        "corrected for the number of strategies as Holm does. Scores are of test images. Small "
        "scale, as the hardware says.",
        "",
        *table(
            ("what", "value"),
            [
                (name, str(value))
                for name, value in {"command": f"`{command()}`", **environment()}.items()
            ],
        ),
        "",
    ]
    if simulated is not None:
        page += _on_the_table(*simulated)
        rows = [row for one in simulated[1] for row in one.searches()]
        write_lines(settings.out / "simulated.csv", SimulatedSearch, rows)
        write_figure(lambda: proof_figure(simulated[1]), settings.out / "proof.png")
    if outcomes:
        page += _from_end_to_end(settings, outcomes)
    text = "\n".join(page)
    write_text(settings.out / "README.md", text)
    return text


def _on_the_table(bench: LensBench, simulated: Sequence[Simulated]) -> list[str]:
    found = {one.strategy: one.test_aucs for one in simulated}
    told = _comparisons(found)
    rows = [
        (
            one.strategy,
            interval(list(one.test_aucs)),
            interval(list(1000 * (bench.best - one.test_aucs))),
            *told[one.strategy],
            interval(list(one.test_aucs - one.by_chance), "+"),
            f"{one.minutes.mean():.1f}",
        )
        for one in simulated
    ]
    head = (
        "strategy",
        "test AUC",
        "below the best network, thousandths",
        "better than random search",
        "p",
        "above one random network of the size",
        "minutes of training",
    )
    return [
        f"## On the lensing benchmark: {len(simulated[0].courses)} searches of each kind",
        "",
        *table(head, rows),
        "",
        "![Regret over minutes of training](proof.png)",
        "",
    ]


def _from_end_to_end(
    settings: SearchBenchmarkSettings, outcomes: Sequence[SearchOutcome]
) -> list[str]:
    found = {
        strategy: np.array([one.test_auc for one in outcomes if one.strategy == strategy])
        for strategy in (*settings.arms, CHANCE)
    }
    found = {strategy: values for strategy, values in found.items() if len(values)}
    told = _comparisons(found)
    summary = [
        (strategy, str(len(values)), interval(list(values)), *told[strategy])
        for strategy, values in found.items()
    ]
    rows = [
        (
            one.strategy,
            str(one.seed),
            f"{one.test_auc:.4f}",
            one.test_aucs,
            f"{one.params:,}",
            f"{one.flops / 1e6:.1f}",
            f"{one.candidate_seconds / 60:.1f}" if one.candidate_seconds else "–",
            f"`{one.architecture}`",
        )
        for one in outcomes
    ]
    head = ("strategy", "seed", "test AUC", "by training", "parameters", "MFLOPs")
    return [
        "## From end to end",
        "",
        "Each search was followed by trainings of what it recommended until validation gained no "
        "more. Few searches show large differences alone: with three of each kind p cannot fall "
        "below .1.",
        "",
        *table(("strategy", "searches", "test AUC", "better than random search", "p"), summary),
        "",
        *table((*head, "minutes of candidates", "architecture"), rows),
        "",
    ]


def _comparisons(found: Mapping[str, Floats]) -> dict[str, tuple[str, str]]:
    """Return how each kind compares with random search, as cells of a table."""
    cells = dict.fromkeys(found, ("–", "–"))
    if len(found.get(RANDOM, ())) < _LEAST:
        return cells
    effects = {
        name: superiority(values, found[RANDOM])
        for name, values in found.items()
        if name != RANDOM and len(values) >= _LEAST
    }
    corrected = holm({name: one.p_value for name, one in effects.items()})
    told = {name: (_words(one), f"{corrected[name]:.2g}") for name, one in effects.items()}
    return {**cells, **told}


def _words(one: Superiority) -> str:
    return f"{one.probability:.2f} [{one.low:.2f}, {one.high:.2f}]"


def proof_figure(simulated: Sequence[Simulated]) -> Figure:
    """Draw the mean regret of each strategy over minutes of training, with its interval."""
    least = min(course[0].seconds for one in simulated for course in one.courses) / 60
    most = max(float(one.minutes.max()) for one in simulated)
    minutes = np.geomspace(least, most, _MOMENTS)
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for one, colour in zip(simulated, COLOURS, strict=False):
        regrets = 1000 * np.array([regrets_at(minutes.tolist(), course) for course in one.courses])
        mean, half = regrets.mean(axis=0), 1.96 * regrets.std(axis=0) / len(regrets) ** 0.5
        axes.plot(minutes, mean, color=colour, label=one.strategy)
        axes.fill_between(minutes, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
    axes.set(
        xscale="log",
        xlabel="minutes of training on one core, finals included",
        ylabel="test AUC below the best, thousandths",
    )
    legend_above(figure, [axes])
    return figure
