"""Funnels on the lensing benchmark: what they cost, what they find, and what is refused."""

from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from nas.benchmarks.funnel.command import run
from nas.benchmarks.funnel.searches import Funnel, Roles, moments
from nas.benchmarks.funnel.settings import FunnelBenchmarkSettings
from nas.benchmarks.table.bench import LensBench
from nas.common.artefacts import read_json
from nas.common.errors import UserError
from search_spaces import flops
from tests.nas.benchmarks.made_up import made_up

ALL = 128 * 100.0
"""Seconds of all networks of the made-up benchmark, each trained to the end with one seed."""


def test_training_to_the_end_costs_the_seconds_of_every_network_once() -> None:
    found = list(moments(made_up(), Funnel("random", 0, 0), seed=0, seconds=1e9))
    assert found[-1].seconds == pytest.approx(ALL)
    assert all(first.seconds <= second.seconds for first, second in pairwise(found))
    best = max(row.test_auc for row in made_up().rows)
    assert found[-1].judged.test_auc >= best - 0.006


def test_stopping_early_costs_less_and_finals_cost_more() -> None:
    """Of candidates that are the same for all, for random proposals do not look at outcomes."""
    bench = made_up(seeds=3)
    whole, halved, final = (
        list(islice(moments(bench, funnel, seed=1, seconds=1e9), 30))[-1].seconds
        for funnel in (Funnel("random", 0, 0), Funnel("random", 1, 0), Funnel("random", 1, 3))
    )
    assert halved < 0.7 * whole
    assert final == pytest.approx(halved + 3 * 100)


def test_finals_correct_a_lucky_seed() -> None:
    """The first candidate, which has no symmetry, is lucky, and wins where there are no finals."""
    bench, funnel = made_up(noise=1e-6, seeds=3), Funnel("random", 0, 16)
    roles, first = Roles.of(bench, 0), next(moments(bench, funnel, 0)).network
    lucky = replace(bench.row(first, roles.search), val_auc=0.99, curve=(0.9, 0.98, 0.99))
    rows = [lucky if row.key == lucky.key else row for row in bench.rows]
    bench = LensBench(bench.about, tuple(rows))
    fooled, cured = (
        list(moments(bench, funnel._replace(finalists=finals), seed=0, seconds=3000))[-1]
        for finals in (0, 16)
    )
    assert fooled.network == first
    assert first.choices["symmetry"] == "none"
    assert fooled.judged.test_auc < cured.judged.test_auc - 0.05


def test_no_training_is_looked_at_twice() -> None:
    """Candidates, finals and the judge have trainings of their own, which their seconds show."""
    bench, funnel = made_up(seeds=4), Funnel("random", 0, 2)
    bench = LensBench(
        bench.about, tuple(replace(row, seconds=10.0**row.seed) for row in bench.rows)
    )
    dealt = [Roles.of(bench, seed) for seed in range(30)]
    for one in dealt:
        assert sorted((one.search, *one.finals, one.judge)) == bench.seeds
    assert {one.search for one in dealt} == {one.judge for one in dealt} == set(bench.seeds)
    for seed, one in enumerate(dealt[:5]):
        moment = next(moments(bench, funnel, seed))
        assert moment.judged == bench.row(moment.network, one.judge)
        assert moment.seconds == sum(10.0**own for own in (one.search, *one.finals))


def test_of_finalists_that_cannot_be_told_apart_the_cheapest_is_recommended() -> None:
    """Networks with a symmetry are better by far more than seeds make, and all alike."""
    bench = made_up(noise=1e-4, seeds=3)
    noise = np.random.default_rng(0).normal(0, 1e-3, len(bench.rows))
    rows = [
        replace(row, val_auc=(0.9 if "=d4" in row.architecture else 0.8) + luck)
        for row, luck in zip(bench.rows, noise, strict=True)
    ]
    bench = LensBench(bench.about, tuple(rows))
    moment = list(islice(moments(bench, Funnel("random", 0, 128), seed=0, seconds=1e9), 40))[-1]
    seen = [flops(one, 48) for one in bench.networks if one.choices["symmetry"] == "d4"]
    assert moment.network.choices["symmetry"] == moment.leader.choices["symmetry"] == "d4"
    assert flops(moment.network, 48) < flops(moment.leader, 48)
    assert flops(moment.network, 48) < np.median(seen)


def test_finals_need_a_seed_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "bench.parquet"
    made_up().write(path)
    with pytest.raises(UserError, match=r"lacks networks that 3 seeds .* --seeds 3, or give --fin"):
        run(FunnelBenchmarkSettings(table=path, out=tmp_path, finalists=(0, 2)))
    assert not (tmp_path / "funnel.md").exists()


class _Repeating(BaseSampler):
    """Proposes two networks in turn, and keeps the study that asked."""

    study: Study

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, Any]:
        return made_up().space.distributions()

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, Any]
    ) -> dict[str, Any]:
        self.study, space = study, made_up().space
        return space.to_params((space.smallest, space.largest)[trial.number % 2])

    def sample_independent(self, *_: Any) -> Any:
        raise AssertionError


def test_a_repeated_candidate_is_told_again_and_costs_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sampler = _Repeating()
    monkeypatch.setattr("nas.benchmarks.funnel.searches.get_sampler", lambda *given: sampler)
    course = list(islice(moments(made_up(), Funnel("repeating", 1, 0), seed=0), 4))
    assert course[1].seconds == course[2].seconds == course[3].seconds > course[0].seconds
    told = [(one.state, one.value, one.intermediate_values) for one in sampler.study.trials]
    assert told[:2] == told[2:]
    assert all(values for _, _, values in told)


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
    losses = read_json(tmp_path / "funnel.json")["losses"]
    means = {name: np.mean(values) for name, values in losses.items()}
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
