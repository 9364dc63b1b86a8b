"""The benchmark of samplers: its protocol, its files and its mistakes."""

import json
from dataclasses import asdict
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.benchmarks.samplers.command import run as benchmark
from nas.benchmarks.samplers.landscapes import LANDSCAPES
from nas.benchmarks.samplers.problems import (
    Accuracy,
    AccuracyAndParams,
)
from nas.benchmarks.samplers.report import best_reference, read_reference, summarise
from nas.benchmarks.samplers.runs import Run, load
from nas.benchmarks.samplers.settings import SamplerBenchmarkSettings
from nas.benchmarks.samplers.tables import MacroTable, hypervolume
from nas.common.errors import UserError
from tests.mutations import TEXTS, require_schema, survives
from tests.running import Run as RunCommand


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of the right form: an operation's digit adds to accuracy and to parameters."""
    entries = {}
    for digits in product(range(3), repeat=8):
        accuracy, params = 80.0 + sum(digits), 1000.0 + 100 * sum(digits)
        readings = [accuracy - 0.5, accuracy, accuracy + 0.5]
        entries["".join(map(str, digits))] = {
            "test_acc": readings,
            "mean_acc": accuracy,
            "params": params,
        }
    path = tmp_path_factory.mktemp("table") / "table.json"
    path.write_text(json.dumps(entries))
    return path


def test_regret_is_that_of_the_best_reading_by_mean_accuracy(table: Path) -> None:
    problem = Accuracy(MacroTable(table))
    worse, better = problem.space.from_code("11111111"), problem.space.from_code("22222222")
    judge = problem.judge()
    assert judge(worse, (97.0,)) == 8.0
    assert judge(better, (96.5,)) == 8.0  # a lucky reading holds the lead
    assert judge(better, (97.5,)) == 0.0
    readings = {problem.read(better, np.random.default_rng(seed))[0] for seed in range(40)}
    assert readings == {95.5, 96.0, 96.5}


def test_the_floor_is_what_luck_leaves(table: Path) -> None:
    """The best reading is of the best network (regret 0) or of its 8 neighbours (regret 1)."""
    median, mean = Accuracy(MacroTable(table)).floor()
    assert median == 0
    assert 0 < mean < 0.5


def test_hypervolume_is_a_fraction_of_the_tables(table: Path) -> None:
    assert (
        hypervolume([(90.0, 1.0), (95.0, 3.0), (94.0, 4.0), (80.0, 0.0)], most_params=5.0)
        == 5 * 4 + 5 * 2
    )
    problem = AccuracyAndParams(MacroTable(table))
    judge, rng, volumes = problem.judge(), np.random.default_rng(0), []
    for digit in range(3):
        architecture = problem.space.from_code(str(digit) * 8)
        volumes.append(judge(architecture, problem.read(architecture, rng)))
    assert volumes[0] == 0 < volumes[1] == volumes[2] < 1


@pytest.mark.parametrize("name", LANDSCAPES)
def test_landscapes_are_standardised_and_repeatable(name: str) -> None:
    first, second = (LANDSCAPES[name](3) for _ in range(2))
    rng = np.random.default_rng(5)
    architectures = [first.space.sample(rng) for _ in range(100)]
    values = [first.truth(architecture) for architecture in architectures]
    assert values == [second.truth(architecture) for architecture in architectures]
    assert values[0] != LANDSCAPES[name](4).truth(architectures[0])
    assert np.mean(values) == pytest.approx(0, abs=0.3)
    assert np.std(values) == pytest.approx(1, abs=0.3)


def test_rows_have_the_statistics_of_their_runs() -> None:
    runs = [
        Run("evolution", "accuracy", seed, 10, ((1, 4.0), (6, float(seed)))) for seed in range(3)
    ]
    at_five, at_ten = summarise(runs, (5, 10, 20))
    assert (at_five.median, at_five.mean, at_five.seeds) == (4.0, 4.0, 3)
    assert (at_ten.median, at_ten.mean) == (1.0, 1.0)
    assert at_ten.mean_low < 1 < at_ten.mean_high


def test_the_best_reference_is_taken_for_each_statistic(tmp_path: Path) -> None:
    path = tmp_path / "reference.csv"
    path.write_text("algo,budget,regret_median,regret_mean\na,50,0.2,0.3\nb,50,0.1,0.4\n")
    best = best_reference(read_reference(path), "lower")[50]
    assert (best.median, best.mean) == (0.1, 0.3)


def test_the_command_goes_on_where_it_stopped_and_publishes(
    run: RunCommand, table: Path, tmp_path: Path
) -> None:
    arguments = ["nas.benchmarks.samplers", "--table", table, "--budgets", "5,12", "--out", "out"]
    first = run(*arguments, "--strategies", "evolution,random", "--seeds", "2")
    assert first.returncode == 0, first.stderr
    runs = (tmp_path / "out/regret.jsonl").read_text()
    assert len(runs.splitlines()) == 4
    second = run(*arguments, "--strategies", "evolution,rl without entropy", "--seeds", "3")
    assert second.returncode == 0, second.stderr
    again = (tmp_path / "out/regret.jsonl").read_text()
    assert again.startswith(runs)
    assert len(again.splitlines()) == 8
    record = json.loads((tmp_path / "out/regret.json").read_text())
    assert {"command", "commit", "hardware", "versions", "date"} < record.keys()
    assert {row["strategy"]: row["seeds"] for row in record["rows"]} == {
        "evolution": 3,
        "random": 2,
        "rl without entropy": 3,
    }
    assert (tmp_path / "out/regret.png").stat().st_size > 5000
    assert "| accuracy | evolution | 12 | 3 |" in second.stdout


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"strategies": "evolutoin"}, "no strategy 'evolutoin'"),
        ({"budgets": "50,many"}, "--budgets takes positive numbers"),
        ({"table": Path("nowhere.json"), "objectives": 3}, "--objectives is 1"),
        ({"table": Path("nowhere.json")}, r"nowhere.json is not NAS-Bench-Macro's table"),
        ({"reference": Path("nowhere.csv")}, r"nowhere.csv is no reference file"),
    ],
)
def test_mistakes_are_one_sentence(settings: dict[str, Any], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=sentence):
        benchmark(SamplerBenchmarkSettings(seeds=1, out=tmp_path, **settings))


def test_every_value_of_a_run_is_checked(tmp_path: Path) -> None:
    path, run = tmp_path / "regret.jsonl", Run("rl", "macro", 0, 12, ((1, 0.5), (7, 0.25)))

    def write(values: Any) -> None:
        path.write_text(f"{json.dumps(values)}\n" * 2)

    require_schema(path, lambda: [run.at(12) for run in load(path)], write, asdict(run))
    for name, content in TEXTS.items():
        path.write_bytes(content)
        assert survives(lambda: load(path), path) == (name == "empty")  # no run yet


def test_what_is_no_table(table: Path, tmp_path: Path) -> None:
    path = tmp_path / "table.json"
    entries = json.loads(table.read_text())
    entries["00000000"]["test_acc"] = ["80"]
    for content in (*TEXTS.values(), b"{}", json.dumps(entries).encode()):
        path.write_bytes(content)
        assert not survives(lambda: MacroTable(path), path)


def test_what_is_no_reference(tmp_path: Path) -> None:
    path = tmp_path / "reference.csv"
    for cell in ("x", "", '"' + "1" * 200_000 + '"'):
        path.write_text(f"algo,budget,regret_median\nre,{cell},0.5\n")
        assert not survives(lambda: read_reference(path), path)
