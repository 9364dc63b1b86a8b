"""Samplers on benchmarks, where a search of a hundred networks takes a moment."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from optuna.samplers import BaseSampler

from nas.api.comparisons import PathLike
from nas.benchmarks.samplers.command import make_problem
from nas.benchmarks.samplers.landscapes import LANDSCAPES
from nas.benchmarks.samplers.problems import Problem
from nas.benchmarks.samplers.report import curves_figure, summarise
from nas.benchmarks.samplers.runs import Run, maker_of, steps_of
from nas.benchmarks.table.bench import LensBench
from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.common.progress import progress
from nas.report.drawing import style
from nas.samplers.space import Space

MakeSampler = Callable[[int, Space | None], BaseSampler]
"""Makes a sampler from a seed and from what there is to know of the space."""

_ACCURACY = "accuracy"


def open_bench(table: PathLike = Path("results/bench/lens_bench.parquet")) -> LensBench:
    """Open the table of the lensing benchmark, once it is there.

    ``python -m nas.benchmarks.table`` trains all networks of the benchmark and makes it.

    Args:
        table: file of the table.

    Raises:
        UserError: there is no such file, or it is another one.

    Example:
        >>> from nas import api
        >>> api.open_bench("nowhere.parquet")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        lens_nas_plugins.mistakes.UserError: there is no nowhere.parquet: python -m ...
    """
    return LensBench.read(Path(table))


def sampler_problem(world: PathLike, seed: int = 0) -> Problem:
    """Return something to search that needs no training.

    Args:
        world: file of a table of trained networks, or the name of a synthetic landscape:
            ``additive``, ``epistatic``, ``noisy``, ``conditional`` or ``cells``.
        seed: which landscape of its family; a table has one.

    Returns:
        A problem: its ``space``, and ``read(architecture, rng)``, which tells what an evaluation
        would.

    Raises:
        UserError: there is no such table or landscape.

    Example:
        >>> import numpy as np
        >>> from nas import api
        >>> problem = api.sampler_problem("conditional")
        >>> network = problem.space.sample(np.random.default_rng(0))
        >>> len(problem.read(network, np.random.default_rng(0)))
        1
    """
    name = os.fspath(world)
    if name in LANDSCAPES:
        return make_problem(None, name, seed)
    if not Path(name).is_file():
        raise UserError(
            f"there is no table {name}: give its file, or a landscape, {', '.join(LANDSCAPES)}"
        )
    return make_problem(Path(name), _ACCURACY, seed)


@dataclass(frozen=True, repr=False)
class SamplerComparison:
    """What samplers reached on one problem, which a notebook shows.

    Attributes:
        runs: the searches.
        better: whether the figure of a run should be ``lower`` (regret on a table, in percentage
            points) or ``higher`` (value on a landscape).

    Example:
        >>> from nas import api
        >>> api.compare_samplers("cells", strategies="tpe,random", budget=2, seeds=1)
        SamplerComparison(tpe, random on cells, higher is better)
    """

    runs: tuple[Run, ...]
    better: str

    def __repr__(self) -> str:
        strategies = ", ".join(dict.fromkeys(run.strategy for run in self.runs))
        return f"SamplerComparison({strategies} on {self.runs[0].problem}, {self.better} is better)"

    def table(self, *budgets: int) -> pd.DataFrame:
        """Return what each strategy reached, with 95 % intervals over seeds.

        Args:
            budgets: numbers of evaluations; by default that of the runs.
        """
        rows = summarise(self.runs, budgets or (self.runs[0].budget,))
        columns = ["mean", "mean_low", "mean_high", "median", "seeds"]
        return pd.DataFrame(rows).set_index(["budget", "strategy"]).sort_index()[columns]

    def _repr_html_(self) -> str:
        """Return the table, which notebooks ask for."""
        return self.table().to_html(border=0)

    def plot(self) -> ShownFigure:
        """Draw what each strategy reached over evaluations, the mean and its standard error."""
        with style():
            return curves_figure(self.runs, {}, self.better)


def compare_samplers(
    world: PathLike = "conditional",
    *,
    strategies: str | Sequence[str] | Mapping[str, MakeSampler] = "evolution,rl,random",
    budget: int = 50,
    seeds: int = 20,
) -> SamplerComparison:
    """Let samplers search the same problem, each with several seeds.

    Args:
        world: what :func:`sampler_problem` takes.
        strategies: names of strategies, those of plug-ins among them, in a list or separated by
            commas; or makers of samplers of any kind by a name for each.
        budget: number of evaluations of a search.
        seeds: searches of each sampler.

    Raises:
        UserError: there is no such table, landscape or strategy, or a number is below 1.

    Example:
        A sampler of your own, or of Optuna, against ours::

            from optuna.samplers import TPESampler

            from nas import api

            compared = api.compare_samplers(
                strategies={
                    "tpe, 20 at random": lambda seed, space: TPESampler(
                        n_startup_trials=20, seed=seed
                    ),
                }
            )
            compared.plot()

        >>> from nas import api
        >>> compared = api.compare_samplers("additive", strategies="random", budget=12, seeds=2)
        >>> compared.table(4, 12).index.tolist()
        [(4, 'random'), (12, 'random')]
    """
    for name, value in (("budget", budget), ("seeds", seeds)):
        if value < 1:
            raise UserError(f"{name} {value} cannot be used: give 1 or more")
    makers = _makers(strategies)
    # A table is read once, and a landscape is another one for each seed.
    first = sampler_problem(world)
    problems = [first]
    if os.fspath(world) in LANDSCAPES:
        problems += [sampler_problem(world, seed) for seed in range(1, seeds)]
    runs = []
    with progress("searching", len(makers) * seeds, "searches") as advance:
        for seed in range(seeds):
            problem = problems[seed % len(problems)]
            for name, make in makers.items():
                steps = steps_of(make(seed, problem.space), problem, seed, budget)
                runs.append(Run(name, Path(world).stem, seed, budget, steps))
                advance(1)
    return SamplerComparison(tuple(runs), first.better)


def _makers(strategies: str | Sequence[str] | Mapping[str, MakeSampler]) -> dict[str, MakeSampler]:
    """Return the makers of samplers by their names."""
    if isinstance(strategies, Mapping):
        makers = dict(strategies)
    else:
        names = strategies.split(",") if isinstance(strategies, str) else strategies
        makers = {name.strip(): maker_of(name.strip()) for name in map(str, names)}
    for name, make in makers.items():
        if not callable(make):
            raise UserError(f"the strategy {name!r} is {make!r}: give a function make(seed, space)")
    if not makers:
        raise UserError('strategies is empty: give names, such as "evolution,random"')
    return makers
