"""The proof of searches: on a table whose laws are known, and from end to end on tiny images."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pytest
from scipy import stats

from nas.benchmarks.rows import read_lines
from nas.benchmarks.search.command import run
from nas.benchmarks.search.report import proof_figure
from nas.benchmarks.search.ridge import RidgeSampler
from nas.benchmarks.search.settings import SearchBenchmarkSettings
from nas.benchmarks.search.simulated import SimulatedSearch, search_count, search_table
from nas.benchmarks.search.superiority import superiority
from nas.benchmarks.search.trained import CHANCE, SearchOutcome
from nas.benchmarks.table.bench import LensBench
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.search.run_directory import RunDirectory
from nas.training.significance import holm
from search_spaces import Architecture, SpaceError, flops, get_space
from tests.nas.benchmarks.made_up import has_plain_ticks, made_up


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world with a linear law, in which the first epoch tells already who is good."""
    path, bench = tmp_path_factory.mktemp("bench") / "bench.parquet", made_up(seeds=3)
    rows = []
    for row in bench.rows:
        auc = law(bench.space.parse(row.architecture))
        rows.append(replace(row, val_auc=auc, test_auc=auc, curve=(auc - 0.1, auc - 0.01, auc)))
    LensBench(bench.about, tuple(rows)).write(path)
    return path


def law(architecture: Architecture) -> float:
    """Return an AUC to which each choice adds something of its own."""
    choices = architecture.choices
    likes = ("d4", 1, "mbconv", "mbconv", "fused", 64, 4)
    names = ("symmetry", "stage1.stride", "stage3.op", "stage4.op", "stage1.op", "stage2.width")
    genes = zip((*names, "stage1.expansion"), likes, strict=True)
    return (
        0.7
        + sum(
            0.1 * 0.7**place * (choices[name] == liked) for place, (name, liked) in enumerate(genes)
        )
        / 2
    )


def test_strategies_that_learn_beat_random_search_and_one_random_network(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SearchBenchmarkSettings(
        strategies=("ridge",), simulated=16, runs=0, table=table, out=tmp_path
    )
    run(settings)
    assert capsys.readouterr().out == (tmp_path / "README.md").read_text()
    rows = read_lines(tmp_path / "simulated.csv", SimulatedSearch)
    found = {name: [one for one in rows if one.strategy == name] for name in ("ridge", "random")}
    ridge, random = (np.array([one.test_auc for one in group]) for group in found.values())
    # A linear law is what a linear model finds.
    told = superiority(ridge, random)
    assert told.interval is not None
    assert told.interval[0] > 0.5
    assert ridge.mean() > np.mean([one.by_chance for one in found["ridge"]])
    said = (tmp_path / "README.md").read_text()
    assert f"| ridge | {ridge.mean():.4f} ± " in said
    assert f"| {told.verdict} |" in said
    for what in ("one random network", "`symmetric_fine`, without", "random search, 96 candidates"):
        assert f"| {what}" in said
    assert (tmp_path / "proof.png").stat().st_size > 10_000
    # The searches of the funnel's benchmark had the seeds from 0 on.
    assert [one.seed for one in rows if one.strategy == "ridge"] == list(range(1000, 1016))
    # No two networks are tied here, so nobody prefers a cheaper one that is worse.
    assert all(one.leader_auc == one.test_auc for one in rows)
    # More candidates find more.
    lines = [line.split("|") for line in said.splitlines() if "| random search, " in line]
    more = [float(cells[2].split()[0]) for cells in lines]
    assert more == sorted(more)
    assert more[0] == pytest.approx(random.mean(), abs=1e-4)


def test_all_strategies_have_the_minutes_of_random_search(table: Path) -> None:
    """Trainings take as long as networks have FLOPs, so that random searches take unlike times."""
    bench = LensBench.read(table)
    rows = tuple(replace(row, seconds=row.flops / 1e5) for row in bench.rows)
    settings = SearchBenchmarkSettings(strategies=("rl",), simulated=6, trials=8)
    advanced: list[int] = []
    found = search_table(LensBench(bench.about, rows), settings, advanced.append)
    assert sum(advanced) == search_count(settings)
    assert all(has_plain_ticks(axes) for axes in proof_figure(found).axes)
    (random,) = [one for one in found.strategies if one.strategy == "random"]
    minutes = random.values("minutes").mean()
    for one in found.strategies:
        assert all(course[-1].seconds >= 60 * minutes - 1 for course in one.courses)
        for search, course in zip(one.searches, one.courses, strict=True):
            assert str(course[7].network) == search.architecture
            in_time = [moment for moment in course if moment.seconds <= 60 * minutes]
            last = (in_time or course[:1])[-1]
            assert search.in_time == pytest.approx(last.judged.test_auc, abs=1e-6)


def test_the_first_strategy_is_what_the_proof_is_of(table: Path, tmp_path: Path) -> None:
    """Its p-value is not corrected; those of the others are, for their number."""
    settings = SearchBenchmarkSettings(
        strategies=("evolution", "ridge", "tpe"), simulated=10, runs=0, table=table, out=tmp_path
    )
    run(settings)
    rows = read_lines(tmp_path / "simulated.csv", SimulatedSearch)
    aucs = {
        name: np.array([one.test_auc for one in rows if one.strategy == name])
        for name in settings.arms
    }
    p_values = {name: superiority(aucs[name], aucs["random"]).p_value for name in aucs}
    corrected = {"evolution": p_values["evolution"]}
    corrected |= holm({name: p_values[name] for name in ("ridge", "tpe")})
    said = (tmp_path / "README.md").read_text()
    for name, p_value in corrected.items():
        (cells,) = [
            line.split(" | ") for line in said.splitlines() if line.startswith(f"| {name} |")
        ]
        assert cells[3] == f"{p_value:.2g}"


def test_what_chance_finds_has_similar_flops(table: Path, tmp_path: Path) -> None:
    settings = SearchBenchmarkSettings(
        strategies=(), simulated=4, runs=0, table=table, out=tmp_path
    )
    run(settings)
    bench = LensBench.read(table)
    for one in read_lines(tmp_path / "simulated.csv", SimulatedSearch):
        found = bench.space.parse(one.architecture)
        logs = {
            network: abs(np.log(flops(network, 48) / flops(found, 48)))
            for network in bench.networks
            if network != found
        }
        near = sorted(logs, key=lambda network: logs[network])[:16]
        assert one.by_chance == pytest.approx(np.mean([bench.test(n) for n in near]), abs=1e-6)
    # The same command says the same.
    before = (tmp_path / "simulated.csv").read_bytes()
    run(settings)
    assert (tmp_path / "simulated.csv").read_bytes() == before


@pytest.fixture(scope="module")
def running() -> Iterator[None]:
    with cluster(None, 1):
        yield


def test_searches_from_end_to_end_are_judged_once(
    running: None, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SearchBenchmarkSettings(
        strategies=("ridge",),
        simulated=0,
        runs=1,
        seeds=1,
        epochs=2,
        trials=1,
        finalists=1,
        workers=1,
        data=data,
        directory=tmp_path / "runs",
        out=tmp_path / "out",
    )
    run(settings)
    rows = read_lines(settings.out / "searches.csv", SearchOutcome)
    assert [one.strategy for one in rows] == ["ridge", "random", CHANCE, "symmetric_tiny_fine"]
    space = get_space("lens_nano")
    for one in rows[:2]:
        winner = RunDirectory.open(settings.directory / f"{one.strategy}-0").best().winner
        assert (one.architecture, one.params) == (winner.architecture, winner.params)
        assert one.training_seconds > 0
    side = RunDirectory.open(settings.directory / "ridge-0").best().image_size[0]
    drawn = flops(space.parse(rows[2].architecture), side)
    assert 0.5 < drawn / rows[0].flops < 2
    assert rows[3].architecture == str(space.named["symmetric_tiny_fine"])
    assert all(one.averaged_auc == one.test_auc for one in rows if "=d4" in one.architecture)
    assert "## From end to end" in capsys.readouterr().out
    log = (settings.directory / "ridge-0" / "search.log").read_text()
    run(settings)
    assert read_lines(settings.out / "searches.csv", SearchOutcome) == rows
    assert (settings.directory / "ridge-0" / "search.log").read_text() == log
    with pytest.raises(UserError, match="none"):
        run(replace(settings, trials=2, data=tmp_path / "none"))


def test_a_ridge_regression_proposes_what_a_linear_law_likes() -> None:
    space = get_space("lens_bench")
    study = optuna.create_study(direction="maximize", sampler=RidgeSampler(0, space))
    for _ in range(30):
        trial = study.ask(dict(space.distributions()))
        study.tell(trial, law(space.from_params(trial.params)))
    values = [trial.value or 0.0 for trial in study.trials]
    assert np.mean(values[20:]) > np.mean(values[:10]) + 0.03
    assert max(values) == max(law(architecture) for architecture in space)


def test_the_effect_is_that_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0.5, 1, 300), rng.normal(0, 1, 300)
    told = superiority(ours, theirs)
    assert told.probability == pytest.approx(
        stats.mannwhitneyu(ours, theirs).statistic / 300**2, abs=1e-12
    )
    assert told.interval is not None
    assert told.interval[0] < stats.norm.cdf(0.5 / np.sqrt(2)) < told.interval[1]
    assert told.p_value < 0.001
    assert told.verdict == "better"


@pytest.mark.parametrize(
    ("shift", "verdict"),
    [(3.0, "pays"), (0.0, "cannot be told apart"), (-1.0, "worse")],
)
def test_what_a_comparison_is_called(shift: float, verdict: str) -> None:
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(shift, 1, 50), rng.normal(0, 1, 50)
    assert superiority(ours, theirs).verdict == verdict


def test_few_searches_are_counted_out() -> None:
    ours, theirs = np.array([3.0, 4, 5]), np.array([0.0, 1, 2])
    told = superiority(ours, theirs)
    assert (told.probability, told.interval, told.verdict) == (1, None, "too few searches")
    assert told.p_value == pytest.approx(0.1)  # two of twenty ways to divide six
    assert superiority(np.ones(3), np.ones(3)).p_value == 1


def test_intervals_of_the_effect_cover_as_often_as_they_say() -> None:
    rng, truth = np.random.default_rng(1), stats.norm.cdf(0.5 / np.sqrt(2))
    drawn = (superiority(rng.normal(0.5, 1, 40), rng.normal(0, 1, 40)) for _ in range(400))
    told = [one.interval for one in drawn if one.interval is not None]
    assert len(told) == 400
    assert 0.92 < np.mean([low < truth < high for low, high in told]) < 0.98


def test_a_proof_that_cannot_be_given_is_refused(table: Path, tmp_path: Path) -> None:
    bench, path = LensBench.read(table), tmp_path / "part.parquet"
    LensBench(bench.about, bench.rows[:-1]).write(path)
    with pytest.raises(UserError, match="lacks networks that 3 seeds trained"):
        run(SearchBenchmarkSettings(table=path, out=tmp_path))
    with pytest.raises(SpaceError, match="'symmetric_tin'"):
        run(SearchBenchmarkSettings(table=table, out=tmp_path, named="symmetric_tin"))
    with pytest.raises(UserError, match="compared with itself"):
        SearchBenchmarkSettings(strategies=("random",))
    with pytest.raises(UserError, match="fewer than --finalists"):
        SearchBenchmarkSettings(trials=1, finalists=2)
    with pytest.raises(UserError, match=r"'evolutio'.*did you mean evolution"):
        run(SearchBenchmarkSettings(strategies=("evolutio",), table=table, out=tmp_path))
