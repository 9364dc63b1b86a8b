"""``python -m nas.benchmarks.samplers``: run samplers, and publish what they reach as a table and as curves."""

import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from nas.benchmarks.samplers.landscapes import LANDSCAPES
from nas.benchmarks.samplers.problems import Accuracy, AccuracyAndParams, Problem, Synthetic, Table
from nas.benchmarks.samplers.report import best_reference, draw, markdown, read_reference, summarise
from nas.benchmarks.samplers.runs import VARIANTS, load, search_all
from nas.cli import Command, main
from nas.errors import UserError
from nas.files import write_json, write_text
from nas.provenance import command, environment


@dataclass(frozen=True)
class Benchmark:
    """Measure samplers on a table of trained networks, or on synthetic landscapes where no table is given."""

    table: Path | None = None
    """NAS-Bench-Macro's public file, nas-bench-macro_cifar10.json."""
    objectives: int = 1
    """Objectives on the table: 1 for accuracy, 2 for accuracy and parameters."""
    budgets: str = "50,100,200,300,500"
    """Numbers of evaluations, separated by commas; a run has as many as the last of them."""
    seeds: int = 100
    """Runs of each strategy."""
    strategies: str = "evolution,rl,random"
    """Strategies or variants of them, separated by commas."""
    reference: Path | None = None
    """CSV of what other implementations reach on the table."""
    workers: int = 1
    """Runs at a time."""
    name: str = "regret"
    """What the files are called: NAME.md, NAME.json, NAME.png, and NAME.jsonl with the runs."""
    out: Path = Path("results/samplers")
    """Directory for the files."""


def run(benchmark: Benchmark) -> None:
    """Run what is missing, print the table, and write it with the curves."""
    strategies, budgets = _strategies(benchmark.strategies), _budgets(benchmark.budgets)
    problems = list(LANDSCAPES) if benchmark.table is None else [_table_problem(benchmark)]
    make = partial(make_problem, benchmark.table)
    first = make(problems[0], 0)
    references = best_reference(read_reference(benchmark.reference), first.better) if benchmark.reference else {}
    jobs = [(s, problem, seed) for s in strategies for problem in problems for seed in range(benchmark.seeds)]
    path = benchmark.out / f"{benchmark.name}.jsonl"
    search_all(jobs, budgets[-1], make, path, benchmark.workers)
    runs = load(path)
    rows = summarise(runs, budgets)
    table = markdown(rows, references, first.floor())
    record = {"command": command(), **environment()}
    lines = "".join(f"- {key}: {value}\n" for key, value in record.items())
    write_text(benchmark.out / f"{benchmark.name}.md", f"{table}\n{lines}")
    write_json(benchmark.out / f"{benchmark.name}.json", {**record, "rows": [row._asdict() for row in rows]})
    draw(runs, references, first.better, benchmark.out / f"{benchmark.name}.png")
    sys.stdout.write(table)


def make_problem(table: Path | None, name: str, seed: int) -> Problem:
    """The problem of this name; a landscape's seed also says which one of its family it is."""
    if table is None:
        return Synthetic(LANDSCAPES[name](seed))
    kind = AccuracyAndParams if name == "accuracy and parameters" else Accuracy
    return kind(Table(table))


def _table_problem(benchmark: Benchmark) -> str:
    if benchmark.objectives not in (1, 2):
        raise UserError(
            f"--objectives is 1 (accuracy) or 2 (accuracy and parameters), given was {benchmark.objectives}."
        )
    return "accuracy" if benchmark.objectives == 1 else "accuracy and parameters"


def _strategies(text: str) -> list[str]:
    strategies = [name.strip() for name in text.split(",")]
    for name in strategies:
        if name not in VARIANTS:
            raise UserError(f"there is no strategy {name!r}: choose from {', '.join(VARIANTS)}.")
    return strategies


def _budgets(text: str) -> list[int]:
    try:
        budgets = sorted({int(number) for number in text.split(",")})
    except ValueError:
        budgets = [0]
    if budgets[0] < 1:
        raise UserError(f"--budgets takes positive numbers separated by commas, given was {text!r}.")
    return budgets


if __name__ == "__main__":
    main("python -m nas.benchmarks.samplers", Command(Benchmark, run))
