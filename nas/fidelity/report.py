"""Figures, tables and a picture of how well one or more supernets rank architectures."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm
from rich.table import Table

from nas.common.figure import ShownFigure
from nas.common.files import atomic_path, write_json, write_text
from nas.common.provenance import command, environment
from nas.fidelity.ranking import Estimate, Values, estimate, kendall, spearman, top_half

PAGE = "fidelity.md"
"""Name of the page in Markdown."""

# What is told in a terminal of 80 columns; the page tells more.
_SHOWN = ("Kendall τ", "τ, top half", "τ above FLOPs'", "AUC gap")


@dataclass(frozen=True)
class Ranking:
    """Measures of how well one list of scores ranks the standalone networks.

    Attributes:
        kendall: Kendall's τ over all architectures.
        spearman: Spearman's ρ over all architectures.
        kendall_top: Kendall's τ within the half that is better when trained alone.
        spearman_top: Spearman's ρ within the half that is better when trained alone.
        above_flops: Kendall's τ over all architectures, less the τ of counting FLOPs.
        gap: mean AUC lost against training alone; None for scores that are no AUC.
    """

    kendall: Estimate
    spearman: Estimate
    kendall_top: Estimate
    spearman_top: Estimate
    above_flops: Estimate
    gap: Estimate | None = None


@dataclass(frozen=True)
class Fidelity:
    """Networks trained alone, and how others would have ranked them.

    Attributes:
        table: one row for each architecture: ``architecture``, ``params``, ``flops``, ``seed_<k>``
            (validation AUC of a training alone), ``standalone`` (mean of these over the seeds) and
            ``inherited_<name>`` for each supernet.
        supernets: names of the supernets, in the order of the table.
    """

    table: pd.DataFrame
    supernets: tuple[str, ...]

    @property
    def standalone(self) -> Values:
        """Validation AUC (N,) when trained alone, mean over the seeds."""
        return self.table["standalone"].to_numpy(dtype=np.float64)

    @property
    def seeds(self) -> Values:
        """Validation AUC (N, K) of every training alone."""
        return self.table.filter(regex=r"^seed_").to_numpy(dtype=np.float64)

    def inherited(self, name: str) -> Values:
        """Return the validation AUC (N,) with the weights of a supernet.

        Args:
            name: name of the supernet.
        """
        return self.table[f"inherited_{name}"].to_numpy(dtype=np.float64)

    def rankings(self) -> dict[str, Ranking]:
        """Return how well FLOPs, parameters and every supernet rank the networks, by name."""
        counted = {
            name: self._rank(self.table[name].to_numpy(dtype=np.float64))
            for name in ("flops", "params")
        }
        return counted | {
            name: self._rank(self.inherited(name), is_auc=True) for name in self.supernets
        }

    def ceiling(self) -> Estimate | None:
        """Return the mean τ between the seeds of the standalone trainings; None with one seed.

        Scores that average K seeds are steadier than those of one seed, so that a supernet can come
        above this ceiling.
        """
        seeds = self.seeds
        if seeds.shape[1] < 2:
            return None
        return estimate(_mean_pairwise, *seeds.T)

    def plot(self) -> ShownFigure:
        """Draw inherited against standalone AUC, a panel for each supernet."""
        return _figure(self)

    def _rank(self, scores: Values, is_auc: bool = False) -> Ranking:
        alone, flops = self.standalone, self.table["flops"].to_numpy(dtype=np.float64)
        top = top_half(alone)
        return Ranking(
            kendall=estimate(kendall, scores, alone),
            spearman=estimate(spearman, scores, alone),
            kendall_top=estimate(kendall, scores[top], alone[top]),
            spearman_top=estimate(spearman, scores[top], alone[top]),
            above_flops=estimate(
                lambda s, a, f: kendall(s, a) - kendall(f, a), scores, alone, flops
            ),
            gap=estimate(lambda s, a: float(np.mean(a - s)), scores, alone) if is_auc else None,
        )


def _mean_pairwise(*seeds: Values) -> float:
    pairs = [kendall(a, b) for i, a in enumerate(seeds) for b in seeds[i + 1 :]]
    return float(np.mean(pairs))


def publish_fidelity(
    fidelity: Fidelity,
    trained: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any],
    out: Path,
) -> None:
    """Write figures, tables, a picture, and a page in Markdown.

    The files are ``fidelity.json``, ``fidelity.md``, ``standalone.csv`` and ``scatter.png``.

    Args:
        fidelity: networks trained alone, and how others would have ranked them.
        trained: what the checkpoint of each supernet says about its training.
        about: what else the page should say.
        out: directory to write into, which is there.
    """
    rankings, ceiling = fidelity.rankings(), fidelity.ceiling()
    record = {
        "command": command(),
        **about,
        "ceiling": None if ceiling is None else asdict(ceiling),
        "rankings": {name: asdict(ranking) for name, ranking in rankings.items()},
        "supernets": dict(trained),
        **environment(),
    }
    page = _page(
        rankings, ceiling, trained, {"command": f"`{command()}`", **about, **environment()}
    )
    write_text(out / "standalone.csv", fidelity.table.to_csv(index=False, lineterminator="\n"))
    with atomic_path(out / "scatter.png") as temporary:
        fidelity.plot().savefig(temporary, format="png", dpi=130)
    write_json(out / "fidelity.json", record)
    write_text(out / PAGE, page)


def _page(
    rankings: Mapping[str, Ranking],
    ceiling: Estimate | None,
    trained: Mapping[str, Mapping[str, Any]],
    about: Mapping[str, Any],
) -> str:
    told = {name: _measures(name, ranking) for name, ranking in rankings.items()}
    columns = ("ranked by", *next(iter(told.values())))
    rows = [
        (name, *("–" if one is None else str(one) for one in measures.values()))
        for name, measures in told.items()
    ]
    lines = [
        "# Can the ranking with inherited weights be trusted?",
        "",
        "Architectures drawn evenly over FLOPs were trained alone; the table says how well their "
        "mean validation AUC is ranked by what is cheaper to know. In brackets: 95 % bootstrap "
        "intervals over architectures.",
        "",
        *_table(columns, rows),
        "",
        _ceiling_words(ceiling),
        "",
        "![Inherited against standalone AUC](scatter.png)",
        "",
        "How each supernet was trained, and the validation AUC of its smallest and largest "
        "network at the kept epoch (the networks alone have batch normalisation, whatever that of "
        "the supernet):",
        "",
        *_trainings(trained),
        "",
        *_table(("what", ""), [(name, str(value)) for name, value in about.items()]),
    ]
    return "\n".join(lines) + "\n"


def _measures(name: str, ranking: Ranking) -> dict[str, Estimate | None]:
    """Return what is told of a ranking, by title; None where a measure has no meaning."""
    return {
        "Kendall τ": ranking.kendall,
        "Spearman ρ": ranking.spearman,
        "τ, top half": ranking.kendall_top,
        "ρ, top half": ranking.spearman_top,
        "τ above FLOPs'": None if name == "flops" else ranking.above_flops,
        "AUC gap": ranking.gap,
    }


def _ceiling_words(ceiling: Estimate | None) -> str:
    if ceiling is None:
        return "One seed: no ceiling can be given."
    return f"Between two seeds of training alone τ is {ceiling}."


def fidelity_table(fidelity: Fidelity) -> Table:
    """Return the measures that decide as a table for a terminal, intervals below the numbers."""
    table = Table(
        title="How well networks trained alone are ranked, with 95 % intervals",
        title_justify="left",
        caption=_ceiling_words(fidelity.ceiling()),
        caption_justify="left",
        box=None,
        pad_edge=False,
    )
    table.add_column("ranked by")
    for title in _SHOWN:
        table.add_column(title, justify="right")
    for name, ranking in fidelity.rankings().items():
        measures = _measures(name, ranking)
        shown = ("–" if (one := measures[title]) is None else str(one) for title in _SHOWN)
        table.add_row(name, *(text.replace(" ", "\n", 1) for text in shown))
    return table


def _trainings(trained: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return a table with a row for each supernet and its settings.

    Of several supernets only the settings are told in which they differ.
    """
    rows: dict[str, dict[str, Any]] = {}
    for name, about in trained.items():
        outcome = about["outcome"]
        ends = {end: f"{outcome['val'][f'auc_{end}']:.3f}" for end in ("smallest", "largest")}
        sharing = dict(about["sharing"])
        if sharing["rule"] == "random":
            del sharing["distillation"]  # nobody teaches when all networks are random
        settings = {
            **sharing,
            "norm": about["supernet"]["norm"],
            **about["recipe"],
            "seed": about["seed"],
        }
        rows[name] = {**settings, "kept epoch": outcome["epoch"], **ends}
    names = list(next(iter(rows.values())))
    told = [
        n for n in names if len(rows) == 1 or len({str(row.get(n)) for row in rows.values()}) > 1
    ]
    return _table(
        ("supernet", *told),
        [(name, *(str(row.get(n, "–")) for n in told)) for name, row in rows.items()],
    )


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (columns, ["---"] * len(columns), *rows)]


def _figure(fidelity: Fidelity) -> ShownFigure:
    """Draw inherited against standalone AUC, one panel for each supernet.

    Bars span the seeds, and the colour tells FLOPs.
    """
    count = len(fidelity.supernets)
    columns = min(count, 3)
    rows = -(-count // columns)
    figure = ShownFigure(figsize=(4.2 * columns + 1, 4 * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, sharex=True)
    flops = fidelity.table["flops"].to_numpy(dtype=np.float64) / 1e6
    alone, seeds = fidelity.standalone, fidelity.seeds
    spread = np.abs(np.stack([alone - seeds.min(axis=1), seeds.max(axis=1) - alone]))
    for axis, name in zip(axes.flat, fidelity.supernets, strict=False):
        inherited = fidelity.inherited(name)
        axis.errorbar(alone, inherited, xerr=spread, fmt="none", ecolor="0.8", zorder=1)
        points = axis.scatter(alone, inherited, c=flops, norm=LogNorm(), cmap="viridis", zorder=2)
        axis.axline(
            (alone.mean(), alone.mean()),
            slope=1,
            color="0.6",
            linewidth=0.8,
            linestyle="--",
            zorder=0,
        )
        axis.set_title(f"{name}: τ = {kendall(inherited, alone):.2f}", fontsize=10)
        axis.set_xlabel("validation AUC, trained alone")
        axis.tick_params(labelbottom=True)  # for a panel that has none below it
        axis.set_ylabel("validation AUC, inherited weights")
    for axis in list(axes.flat)[count:]:
        axis.set_visible(False)
    figure.colorbar(points, ax=axes, label="MFLOPs")
    return figure
