"""The page and the figure of the proof."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import numpy as np
from matplotlib.figure import Figure
from scipy import stats

from nas.benchmarks.figures import write_figure
from nas.benchmarks.funnel.searches import recommended_after
from nas.benchmarks.markdown import interval, table
from nas.benchmarks.rows import write_lines
from nas.benchmarks.search.settings import RANDOM, SearchBenchmarkSettings
from nas.benchmarks.search.simulated import OnTable, Simulated, SimulatedSearch
from nas.benchmarks.search.superiority import Superiority, superiority
from nas.benchmarks.search.trained import CHANCE, SearchOutcome
from nas.common.files import write_text
from nas.common.provenance import command, environment
from nas.report.drawing import COLOURS, legend_above, log_costs
from nas.training.bootstrap import Floats
from nas.training.significance import holm

_LEAST = 2
"""Searches of a kind without which there is nothing to compare."""
_MOMENTS = 40


def publish_proof(
    settings: SearchBenchmarkSettings,
    simulated: OnTable | None,
    outcomes: Sequence[SearchOutcome],
) -> str:
    """Write the page and the figure, and return the page."""
    page = [
        "# What a search buys",
        "",
        "The questions, the kinds of search and the tests were written down before any of it was "
        f"run ([the proof](../../docs/proof.md)). Each search has {settings.trials} candidates and "
        f"{settings.finalists} finalists. *Better than random search* is the probability that a "
        "search finds a better network than a random search, with its interval of 95 %; p is of "
        "Mann and Whitney's test, for all strategies but the first corrected for their number as "
        "Holm does. Scores are of test images. Small scale, as the hardware says.",
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
        page += [*_on_the_table(simulated.strategies), *_without_a_strategy(settings, simulated)]
        rows = [row for one in simulated.strategies for row in one.searches]
        write_lines(settings.out / "simulated.csv", SimulatedSearch, rows)
        write_figure(lambda: proof_figure(simulated), settings.out / "proof.png")
    if outcomes:
        page += _from_end_to_end(settings, outcomes)
    text = "\n".join(page)
    write_text(settings.out / "README.md", text)
    return text


def _on_the_table(simulated: Sequence[Simulated]) -> list[str]:
    told = _comparisons({one.strategy: one.values("test_auc") for one in simulated})
    in_time = _comparisons({one.strategy: one.values("in_time") for one in simulated})
    rows = [
        (
            one.strategy,
            interval(list(one.values("test_auc"))),
            *told[one.strategy],
            f"{one.values('minutes').mean():.1f}",
            in_time[one.strategy][0],
            interval(list(one.values("averaged_auc"))),
            interval(list(one.values("leader_auc"))),
            interval(list(one.values("test_auc") - one.values("by_chance")), "+"),
        )
        for one in simulated
    ]
    head = (
        "strategy",
        "test AUC",
        "better than random search",
        "p",
        "verdict",
        "minutes",
        "better than random search in its minutes",
        "averaged over symmetries",
        "the best finalist instead of the cheapest of ties",
        "above a random network of its FLOPs",
    )
    return [
        f"## On the lensing benchmark: {len(simulated[0].courses)} searches of each kind",
        "",
        "A candidate, its finals and the training that judges it have different seeds. p is of "
        "searches on this one table: how another table would come out it does not say. Minutes are "
        "those of training on one core.",
        "",
        *table(head, rows),
        "",
        "![What is lost over minutes of training](proof.png)",
        "",
    ]


def _without_a_strategy(settings: SearchBenchmarkSettings, simulated: OnTable) -> list[str]:
    """Return what can be had by chance, by heart or by training everything."""
    bench = simulated.bench
    test, val = bench.values("test_auc"), bench.values("val_auc")
    minutes = bench.values("seconds").sum(axis=0).mean() / 60
    (random,) = [one for one in simulated.strategies if one.strategy == RANDOM]
    rows = [("one random network", f"{test.mean():.4f}", "0")]
    for name, network in bench.space.named.items():
        rows.append((f"`{name}`, without a search", f"{bench.test(network):.4f}", "0"))
    more = {1: (random.values("test_auc"), random.values("minutes")), **simulated.more_by_chance}
    for times, (aucs, took) in more.items():
        what = f"random search, {times * settings.trials} candidates"
        rows.append((what, interval(list(aucs)), f"{took.mean():.1f}"))
    chosen = [
        test[val[:, seed].argmax(), judge]
        for seed, judge in permutations(range(len(bench.seeds)), 2)
    ]
    rows.append(("all networks, the best by one seed", f"{np.mean(chosen):.4f}", f"{minutes:.1f}"))
    return [*table(("without a strategy", "test AUC", "minutes"), rows), ""]


def _from_end_to_end(
    settings: SearchBenchmarkSettings, outcomes: Sequence[SearchOutcome]
) -> list[str]:
    found = {
        strategy: np.array([one.test_auc for one in outcomes if one.strategy == strategy])
        for strategy in (*settings.arms, CHANCE, settings.named)
    }
    found = {strategy: values for strategy, values in found.items() if len(values)}
    averaged = {
        strategy: np.array([one.averaged_auc for one in outcomes if one.strategy == strategy])
        for strategy in found
    }
    told = _comparisons(found)
    summary = [
        (
            strategy,
            str(len(values)),
            interval(list(values)),
            interval(list(averaged[strategy])),
            *told[strategy],
        )
        for strategy, values in found.items()
    ]
    kinds = ("strategy", "searches", "test AUC", "averaged over symmetries")
    return [
        "## From end to end",
        "",
        "Each search was followed by trainings of what it recommended until validation gained no "
        "more, with seeds that no search used. Few searches show large differences alone.",
        "",
        *table((*kinds, "better than random search", "p", "verdict"), summary),
        "",
        *_one_by_one(outcomes),
        "",
    ]


def _one_by_one(outcomes: Sequence[SearchOutcome]) -> list[str]:
    rows = [
        (
            one.strategy,
            str(one.seed),
            f"{one.test_auc:.4f}",
            f"{one.averaged_auc:.4f}",
            one.test_aucs,
            f"{one.params:,}",
            f"{one.flops / 1e6:.1f}",
            f"{one.training_seconds / 60:.1f}" if one.training_seconds else "–",
            f"`{one.architecture}`",
        )
        for one in outcomes
    ]
    head = ("strategy", "seed", "test AUC", "averaged", "by training", "parameters", "MFLOPs")
    return table((*head, "minutes of candidates and finals", "architecture"), rows)


def _comparisons(found: Mapping[str, Floats]) -> dict[str, tuple[str, str, str]]:
    """Return how each strategy compares with random search, as cells of a table.

    What is no strategy is not compared. The first strategy is the one that the proof is of.
    """
    cells = dict.fromkeys(found, ("–", "–", "–"))
    names = list(found)
    if len(found.get(RANDOM, ())) < _LEAST:
        return cells
    effects = {
        name: superiority(found[name], found[RANDOM])
        for name in names[: names.index(RANDOM)]
        if len(found[name]) >= _LEAST
    }
    first, others = names[0], {name: one.p_value for name, one in effects.items()}
    corrected = {first: others.pop(first, 1.0), **holm(others)}
    told = {
        name: (_words(one), f"{corrected[name]:.2g}", one.verdict) for name, one in effects.items()
    }
    return {**cells, **told}


def _words(one: Superiority) -> str:
    if one.interval is None:
        return f"{one.probability:.2f}"
    return f"{one.probability:.2f} [{one.interval[0]:.2f}, {one.interval[1]:.2f}]"


def proof_figure(simulated: OnTable) -> Figure:
    """Draw how far each strategy is below the best over minutes of training, with its interval."""
    courses = [course for one in simulated.strategies for course in one.courses]
    # All searches can recommend something, and all are still going on.
    least = max(course[0].seconds for course in courses) / 60
    most = max(least, min(course[-1].seconds for course in courses) / 60)
    minutes = np.geomspace(least, most, _MOMENTS)
    figure = Figure(figsize=(6.0, 4.0), layout="constrained")
    axes = figure.subplots()
    for one, colour in zip(simulated.strategies, COLOURS, strict=False):
        aucs = [
            [recommended_after(course, 60 * limit).judged.test_auc for limit in minutes]
            for course in one.courses
        ]
        lost = 1000 * (simulated.bench.best - np.array(aucs))
        mean = lost.mean(axis=0)
        half = stats.t.ppf(0.975, len(lost) - 1) * stats.sem(lost, axis=0)
        axes.plot(minutes, mean, color=colour, label=one.strategy)
        axes.fill_between(minutes, mean - half, mean + half, color=colour, alpha=0.15, lw=0)
    axes.set(
        xlabel="minutes of training on one core, finals included",
        ylabel="test AUC below the best, thousandths",
    )
    log_costs(axes)
    legend_above(figure, [axes])
    return figure
