"""Run samplers, and publish what they reach: ``python -m nas.benchmarks.samplers``."""

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from nas.benchmarks.samplers.landscapes import LANDSCAPES
from nas.benchmarks.samplers.problems import (
    Accuracy,
    AccuracyAndParams,
    Problem,
    Synthetic,
)
from nas.benchmarks.samplers.report import (
    best_reference,
    draw_curves,
    read_reference,
    regret_table,
    summarise,
)
from nas.benchmarks.samplers.runs import load, maker_of, search_all
from nas.benchmarks.samplers.settings import SamplerBenchmarkSettings
from nas.benchmarks.samplers.tables import is_lens_table, open_table
from nas.common.errors import UserError
from nas.common.files import file_digest, write_json, write_text
from nas.common.provenance import command, environment

_ONE, _BOTH = "accuracy", "accuracy and parameters"


def run(settings: SamplerBenchmarkSettings) -> None:
    """Run the searches that are missing, print the table, and write it with the curves."""
    strategies, budgets = strategy_names(settings.strategies), _budgets(settings.budgets)
    problems = list(LANDSCAPES) if settings.table is None else [_table_problem(settings)]
    make = partial(make_problem, settings.table)
    first = make(problems[0], 0)
    references = (
        best_reference(read_reference(settings.reference), first.better)
        if settings.reference
        else {}
    )
    jobs = [
        (s, problem, seed)
        for s in strategies
        for problem in problems
        for seed in range(settings.seeds)
    ]
    path = settings.out / f"{settings.name}.jsonl"
    _require_same(path, problems)
    search_all(jobs, budgets[-1], make, path, settings.workers)
    runs = load(path)
    rows = summarise(runs, budgets)
    table = regret_table(rows, references, first.floor())
    record = {"command": command(), **environment()}
    lines = "".join(f"- {key}: {value}\n" for key, value in record.items())
    write_text(settings.out / f"{settings.name}.md", f"{table}\n{lines}")
    write_json(
        settings.out / f"{settings.name}.json",
        {**record, "rows": [row._asdict() for row in rows]},
    )
    draw_curves(runs, references, first.better, settings.out / f"{settings.name}.png")
    sys.stdout.write(table)


def _require_same(path: Path, problems: Sequence[str]) -> None:
    """Refuse a file with runs on other problems: its tables and curves would mix them."""
    others = {run.problem for run in load(path)} - set(problems)
    if others:
        raise UserError(
            f"{path} holds runs on {', '.join(sorted(others))}: give another --name, or --out"
        )


def make_problem(table: Path | None, name: str, seed: int) -> Problem:
    """Return the problem of this name.

    Args:
        table: File of the table; None for a landscape.
        name: Name of the problem.
        seed: Seed of the run, which also says which landscape of its family it is.
    """
    if table is None:
        return Synthetic(LANDSCAPES[name](seed))
    kind = AccuracyAndParams if name.startswith(_BOTH) else Accuracy
    return kind(open_table(table))


def _table_problem(settings: SamplerBenchmarkSettings) -> str:
    if settings.objectives not in (1, 2):
        raise UserError(
            "--objectives is 1 (accuracy) or 2 (accuracy and parameters), given was "
            f"{settings.objectives}."
        )
    assert settings.table is not None
    name = _ONE if settings.objectives == 1 else _BOTH
    if is_lens_table(settings.table) and settings.table.is_file():
        # A table that has grown is another one.
        return f"{name}, {settings.table.stem} {file_digest(settings.table)[:8]}"
    return name


def strategy_names(text: str) -> list[str]:
    """Return the names of strategies that are separated by commas.

    Raises:
        UserError: There is no strategy of a name.
    """
    strategies = [name.strip() for name in text.split(",")]
    for name in strategies:
        maker_of(name)
    return strategies


def _budgets(text: str) -> list[int]:
    try:
        budgets = sorted({int(number) for number in text.split(",")})
    except ValueError:
        budgets = [0]
    if budgets[0] < 1:
        raise UserError(
            f"--budgets takes positive numbers separated by commas, given was {text!r}."
        )
    return budgets
