"""The page and the figure of the lensing benchmark."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from nas.benchmarks.figures import write_figure
from nas.benchmarks.markdown import table
from nas.benchmarks.table.bench import LensBench
from nas.benchmarks.table.effects import Effect, dominating, effects
from nas.benchmarks.table.lengths import length
from nas.benchmarks.table.rankers import rankings
from nas.common.files import write_text
from nas.common.provenance import command, environment
from nas.report.drawing import COLOURS, log_costs, log_errors
from search_spaces.hybrid import describe, operator

LEAST = 8
"""Networks of a group in which rankings are compared."""
_GROUPING = 2
"""Genes that decide most, within whose choices rankings are compared."""


def publish_bench(bench: LensBench, out: Path, others: Sequence[LensBench] = ()) -> str:
    """Write the page and the figure of a benchmark, and return the page.

    Args:
        bench: The benchmark.
        out: Directory for both.
        others: The same with another number of epochs, which the page compares with it.
    """
    page = bench_page(bench, others)
    write_text(out / "README.md", page)
    if bench.networks:
        write_figure(lambda: bench_figure(bench), out / "bench.png")
    return page


def bench_page(bench: LensBench, others: Sequence[LensBench] = ()) -> str:
    """Return the page of Markdown."""
    told = {"command": f"`{command()}`", **bench.about["images"], **environment()}
    if "supernet" in bench.about:
        told["supernet of inherited weights"] = bench.about["supernet"][:8]
    lines = [
        f"# {bench.about['space']}: networks of a small space, each trained alone",
        "",
        f"{len(bench.networks)} of {len(bench.space)} networks are trained with "
        f"{_count(len(bench.seeds), 'seed')} ({_count(len(bench.rows), 'training')}). Small scale, "
        "as the hardware says. Validation chose the epoch; quality is of test images, but for what "
        "a gene is worth, by which spaces are chosen. Commit and hardware of each training are in "
        "lens_bench.parquet; the lines below are of the process that wrote this page.",
        "",
        *table(("what", "value"), [(name, str(value)) for name, value in told.items()]),
        "",
    ]
    if len(bench.networks) >= LEAST:
        found = effects(bench)
        groups = _groups(bench, found)
        lines += [*_distribution(bench, groups), *_effects(found), *_rankings(bench, groups)]
        lines += _lengths(bench, others)
    return "\n".join(lines)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def _groups(bench: LensBench, found: Sequence[Effect]) -> dict[str, npt.NDArray[np.bool_]]:
    """Return which networks are in a group: all, and those that share what decides most."""
    genes = dominating(found, _GROUPING)
    values = np.array(
        [
            ", ".join(f"{gene} {network.choices.get(gene)}" for gene in genes)
            for network in bench.networks
        ]
    )
    groups = {"all": np.ones(len(values), dtype=bool)}
    groups |= {value: values == value for value in sorted(set(values.tolist())) if value}
    return {name: inside for name, inside in groups.items() if inside.sum() >= LEAST}


def _distribution(bench: LensBench, groups: Mapping[str, npt.NDArray[np.bool_]]) -> list[str]:
    head = ("group", "networks", "worst", "median", "best", "σ of networks", "σ of seeds")
    test, averaged = bench.values("test_auc"), bench.values("averaged_auc")
    rows = []
    for name, inside in groups.items():
        mean = test[inside].mean(axis=1)
        noise = np.sqrt(test[inside].var(axis=1, ddof=1).mean()) if len(bench.seeds) > 1 else None
        between = mean.var(ddof=1) - (0 if noise is None else noise**2 / len(bench.seeds))
        rows.append(
            (
                name,
                str(inside.sum()),
                *(f"{value:.4f}" for value in (mean.min(), np.median(mean), mean.max())),
                f"{np.sqrt(max(between, 0)):.4f}",
                "–" if noise is None else f"{noise:.4f}",
                f"{np.median(averaged[inside].mean(axis=1)):.4f}",
            )
        )
    return [
        "## How networks differ",
        "",
        "Test AUC, the mean over seeds; the σ of networks is that of their true means, without "
        "what seeds add.",
        "",
        *table((*head, "median, averaged over symmetries"), rows),
        "",
        "![1 − AUC against FLOPs, and after each epoch](bench.png)",
        "",
    ]


def _effects(found: Sequence[Effect]) -> list[str]:
    head = ("gene", "choice", "instead of", "pairs", "validation AUC", "FLOPs")
    rows = [
        (
            one.gene,
            one.choice,
            one.other,
            str(one.pairs),
            f"{one.gain:+.4f} ± {one.half:.4f}",
            f"× {one.flops:.2f}",
        )
        for one in found
    ]
    return [
        "## What a gene is worth",
        "",
        "Pairs of networks that differ in one gene (and in those that depend on it), with "
        "intervals of 95 % over pairs.",
        "",
        *table(head, rows),
        "",
    ]


def _rankings(bench: LensBench, groups: Mapping[str, npt.NDArray[np.bool_]]) -> list[str]:
    found = rankings(bench, groups)
    shown = list(found[0].taus)
    rows = [
        (one.name, *(str(one.taus[group]) for group in shown), f"{one.best:.4f}") for one in found
    ]
    return [
        "## What ranks networks",
        "",
        "Kendall's τ to the test AUC, with intervals of 95 % over networks, and the test AUC that "
        "is lost if the network is taken which a ranker likes best. A few epochs are the first "
        "ones of the whole training. The ridge regression never saw the network that it scores. "
        "Networks of a group share the choices of the genes that decide most, by validation: a "
        "ranker that knows these genes alone ranks well overall, and says nothing within a group.",
        "",
        *table(("ranker", *(f"τ, {group}" for group in shown), "lost"), rows),
        "",
    ]


def _lengths(bench: LensBench, others: Sequence[LensBench]) -> list[str]:
    found = [one for other in others if (one := length(bench, other)) is not None]
    if not found:
        return []
    epochs = len(bench.rows[0].curve)
    head = (
        "epochs",
        "networks",
        "seeds",
        "test AUC",
        f"after {epochs} epochs",
        f"τ to {epochs} epochs",
        f"τ of {epochs} epochs to it",
        f"τ of {epochs} epochs cut short",
    )
    rows = [
        (
            *(str(value) for value in (one.epochs, one.networks, one.seeds)),
            *(f"{value:.4f}" for value in (one.theirs, one.ours)),
            *(str(one.foretold), str(one.lasting), "–" if one.cut is None else str(one.cut)),
        )
        for one in sorted(found, key=lambda one: one.epochs)
    ]
    return [
        "## Shorter and longer trainings",
        "",
        "The same networks trained with other numbers of epochs. Validation AUC ranks, test AUC "
        "judges, of other seeds as far as there are others: how well a whole training of that "
        f"length foretells one of {epochs} epochs, how well {epochs} epochs foretell it, and how "
        f"well the training of {epochs} epochs foretells itself when it is cut short there.",
        "",
        *table(head, rows),
        "",
    ]


def bench_figure(bench: LensBench) -> Figure:
    """Draw test AUC against FLOPs, and how curves come to it, by operators and symmetry."""
    drawing = Figure(figsize=(9, 4), layout="constrained")
    costs, curves = drawing.subplots(1, 2, sharey=True)
    test = bench.values("test_auc").mean(axis=1)
    kinds = [_kind(bench, i) for i in range(len(test))]
    for kind, colour in zip(sorted(set(kinds)), COLOURS * 4, strict=False):
        own = [i for i, one in enumerate(kinds) if one == kind]
        flops = [bench.row(bench.networks[i], bench.seeds[0]).flops / 1e6 for i in own]
        costs.plot(flops, 1 - test[own], ".", color=colour, label=kind)
        for i in own:
            curve = bench.row(bench.networks[i], bench.seeds[0]).curve
            curves.plot(
                range(1, len(curve) + 1), 1 - np.array(curve), color=colour, alpha=0.3, linewidth=1
            )
    costs.set(xlabel="MFLOPs", ylabel="1 − AUC", title="test")
    log_costs(costs)
    log_errors(costs)
    curves.set(xlabel="epoch", title="validation, first seed")
    drawing.legend(*costs.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return drawing


def _kind(bench: LensBench, number: int) -> str:
    """Return symmetry and whether there is attention."""
    stem, stages = describe(bench.networks[number])
    attention = any(operator(stage) == "attention" for stage in stages)
    return f"{stem.symmetry}, {'with attention' if attention else 'without attention'}"
