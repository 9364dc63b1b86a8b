"""Funnels on the lensing benchmark: what they cost, what they find, and what is refused."""

from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from nas.benchmarks.funnel.command import run
from nas.benchmarks.funnel.searches import Funnel, moments
from nas.benchmarks.funnel.settings import FunnelBenchmarkSettings
from nas.benchmarks.table.bench import LensBench
from nas.common.artefacts import read_json
from nas.common.errors import UserError
from tests.nas.benchmarks.made_up import made_up

ALL = 128 * 100.0
"""Seconds of all networks of the made-up benchmark, each trained to the end with one seed."""


def test_training_to_the_end_costs_the_seconds_of_every_network_once() -> None:
    found = list(moments(made_up(), Funnel("random", 0, 0), seed=0, seconds=1e9))
    assert found[-1].seconds == pytest.approx(ALL)
    assert all(first.seconds <= second.seconds for first, second in pairwise(found))
    assert found[-1].regret <= 0.002


def test_stopping_early_costs_less_and_finals_cost_more() -> None:
    """Of candidates that are the same for all, for random proposals do not look at outcomes."""
    bench = made_up()
    whole, halved, final = (
        list(islice(moments(bench, funnel, seed=1, seconds=1e9), 30))[-1].seconds
        for funnel in (Funnel("random", 0, 0), Funnel("random", 1, 0), Funnel("random", 1, 3))
    )
    assert halved < 0.7 * whole
    assert final == pytest.approx(halved + 3 * 100)


def test_finals_correct_a_lucky_seed() -> None:
    """All networks without symmetry are lucky with their first seed, and win without finals."""
    bench = made_up(noise=1e-6)
    rows = [
        replace(row, val_auc=0.99, curve=(0.9, 0.98, 0.99))
        if row.seed == 0 and "symmetry=none" in row.architecture
        else row
        for row in bench.rows
    ]
    bench = LensBench(bench.about, tuple(rows))
    fooled, cured = (
        list(moments(bench, Funnel("random", 0, finals), seed=0, seconds=3000))[-1].regret
        for finals in (0, 16)
    )
    assert fooled > 0.09
    assert cured < 0.09


def test_the_page_ranks_funnels_and_the_figure_is_drawn(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bench.parquet"
    made_up(noise=0.003).write(path)
    run(
        FunnelBenchmarkSettings(
            table=path,
            strategies=("evolution", "random"),
            first_rungs=(0, 1),
            finalists=(0,),
            seeds=3,
            minutes=(5, 30),
            out=tmp_path,
        )
    )
    said = capsys.readouterr().out
    assert said == (tmp_path / "funnel.md").read_text()
    assert (tmp_path / "funnel.png").stat().st_size > 10_000
    regrets = read_json(tmp_path / "funnel.json")["regrets"]
    means = {name: np.mean(values) for name, values in regrets.items()}
    assert len(means) == 4
    order = sorted(means, key=lambda name: means[name])
    places = [said.index(f"| {name} |") for name in order]
    assert places == sorted(places)


def test_a_table_that_is_not_whole_is_refused(tmp_path: Path) -> None:
    bench, path = made_up(), tmp_path / "bench.parquet"
    LensBench(bench.about, bench.rows[:-1]).write(path)
    with pytest.raises(UserError, match="lacks networks"):
        run(FunnelBenchmarkSettings(table=path, out=tmp_path))
    with pytest.raises(UserError, match="--minutes 0 cannot be used"):
        FunnelBenchmarkSettings(minutes=(0,))
