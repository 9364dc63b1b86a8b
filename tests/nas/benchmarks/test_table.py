"""The table of the lensing benchmark: made once, gone on with, and read with care."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nas.benchmarks.samplers import command as samplers
from nas.benchmarks.samplers.runs import load
from nas.benchmarks.samplers.settings import SamplerBenchmarkSettings
from nas.benchmarks.samplers.tables import open_table
from nas.benchmarks.table.bench import FORMAT, LensBench
from nas.benchmarks.table.command import TABLE, run
from nas.benchmarks.table.effects import effects
from nas.benchmarks.table.lengths import open_others
from nas.benchmarks.table.rankers import rankings
from nas.benchmarks.table.report import bench_figure, bench_page, publish_bench
from nas.benchmarks.table.settings import TableSettings, check
from nas.common.errors import UserError
from nas.common.files import file_digest
from nas.data.options import ReadOptions
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.supernet.inheritance import Inheritance
from nas.training.supernet.training import SupernetCard
from search_spaces import SpaceError, flops, get_space, params
from tests.nas.benchmarks.made_up import SPACE, has_plain_ticks, made_up, worth

SMALL: dict[str, Any] = {
    "networks": 2,
    "seeds": 1,
    "train": 24,
    "val": 12,
    "test": 12,
    "epochs": 2,
    "batch_size": 8,
}


def test_a_benchmark_is_made_and_gone_on_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = TableSettings(**SMALL, out=tmp_path / "out", trainings=tmp_path / "trainings")
    run(settings)
    path = tmp_path / "out" / TABLE
    bench = LensBench.read(path)
    assert [len(row.curve) for row in bench.rows] == [2, 2]
    assert all(row.val_auc == row.curve[row.epoch - 1] for row in bench.rows)
    for row in bench.rows:
        architecture = SPACE.parse(row.architecture)
        assert (row.params, row.flops) == (params(architecture), flops(architecture, 48))
        turned = architecture.choices["symmetry"] == "none"  # else turning changes nothing
        assert (row.averaged_auc != row.test_auc) == turned
    page = (tmp_path / "out" / "README.md").read_text()
    assert "2 of 128 networks are trained with 1 seed (2 trainings)" in page
    assert capsys.readouterr().out.endswith(page)
    # Another length of training is compared.
    other = replace(settings, epochs=1, networks=1, out=tmp_path / "other")
    run(other)
    run(replace(settings, others=(other.out / TABLE,)))
    assert "## Shorter and longer" not in (tmp_path / "out" / "README.md").read_text()  # too few
    # What is done is taken from the table, which another machine may have made.
    run(replace(settings, seeds=2, trainings=tmp_path / "elsewhere"))
    more = LensBench.read(path)
    assert more.rows[:2] == bench.rows
    assert [row.seed for row in more.rows] == [0, 0, 1, 1]
    assert more.networks == bench.networks
    with pytest.raises(UserError, match=r"is a table of recipe .*'epochs': 2.*, not .*'epochs': 3"):
        run(replace(settings, epochs=3))
    with pytest.raises(UserError, match=r"is a table of images .*'test': 12.*: give another --out"):
        run(replace(settings, test=15))
    assert LensBench.read(path).rows == more.rows


def test_a_training_that_goes_astray_has_learned_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    small = {**SMALL, "networks": 1, "learning_rate": 1e30}
    run(TableSettings(**small, out=tmp_path / "out", trainings=tmp_path / "trainings"))
    (row,) = LensBench.read(tmp_path / "out" / TABLE).rows
    assert (row.val_auc, row.test_auc, row.averaged_auc, row.curve) == (0.5, 0.5, 0.5, (0.5, 0.5))
    assert row.epoch == 0


def test_a_supernet_scores_all_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = TableSettings(**SMALL, out=tmp_path / "out", trainings=tmp_path / "trainings")
    (tmp_path / "super").mkdir()
    checkpoint = tmp_path / "super" / "model.safetensors"
    asked = replace(settings, supernet=tmp_path / "super")
    with pytest.raises(UserError, match=r"no supernet .*super: .* --data data/bench-48px-24-12-12"):
        check(asked)
    run(replace(settings, seeds=1, out=tmp_path / "images"))
    (place,) = (tmp_path / "data").iterdir()
    images = TrainingImages.open(place, ReadOptions())
    for space, data, words in (
        ("lens_nano", images.dataset.fingerprint, "a supernet of lens_nano: give one of lens_b"),
        ("lens_bench", "other", f"other images: .* --space lens_bench --data data/{place.name}"),
    ):
        card = SupernetCard(images.card(space))
        about = {"supernet": card.to_json(), "data": data}
        save_checkpoint(checkpoint, card.build(seed=1).state_dict(), about)
        check(asked)
        with pytest.raises(UserError, match=words):
            run(asked)
    assert not (tmp_path / "out" / TABLE).exists()
    supernet = card.build(seed=1)
    save_checkpoint(
        checkpoint, supernet.state_dict(), {**about, "data": images.dataset.fingerprint}
    )
    run(asked)
    inheritance = Inheritance(images.train(), images.val())
    bench = LensBench.read(tmp_path / "out" / TABLE)
    assert bench.about["supernet"] == file_digest(checkpoint)
    for row in bench.rows:
        score = inheritance.score(supernet, SPACE.parse(row.architecture)).auc
        assert row.inherited == pytest.approx(score, abs=1e-6)


def test_inherited_scores_rank_where_there_are_some() -> None:
    bench = made_up()
    everywhere = {"all": np.ones(128, dtype=bool)}
    assert "inherited weights" not in {one.name for one in rankings(bench, everywhere)}
    rows = tuple(replace(row, inherited=1 - row.val_auc) for row in bench.rows)
    found = {one.name: one for one in rankings(LensBench(bench.about, rows), everywhere)}
    assert found["inherited weights"].taus["all"].value < -0.8
    lacking = (replace(rows[0], inherited=None), *rows[1:])
    some = {one.name for one in rankings(LensBench(bench.about, lacking), everywhere)}
    assert "inherited weights" not in some


def test_a_benchmark_is_the_same_after_writing(tmp_path: Path) -> None:
    bench = made_up()
    bench.write(tmp_path / TABLE)
    again = LensBench.read(tmp_path / TABLE)
    assert (again.rows, again.about) == (bench.rows, bench.about)
    assert len(again.networks) == 128
    assert (tmp_path / TABLE).stat().st_size < 100_000


def test_what_is_known_of_a_network() -> None:
    bench = made_up()
    network = SPACE.largest
    assert bench.val(network, seed=1) == bench.row(network, 1).val_auc
    assert bench.val(network, seed=1, epochs=2) == bench.row(network, 1).curve[1]
    assert bench.test(network) == pytest.approx(worth(network), abs=0.005)
    with pytest.raises(UserError, match="there is no epoch 0: ask for one of 1 to 3"):
        bench.val(network, seed=0, epochs=0)
    with pytest.raises(UserError, match=r"no training of .* with seed 7: ask for a network"):
        bench.val(network, seed=7)


def test_an_effect_is_found_as_large_as_it_is() -> None:
    found = {effect.gene: effect for effect in effects(made_up())}
    assert set(found) == {name for name, gene in SPACE.genes.items() if len(gene.choices) > 1}
    assert found["symmetry"].gain == pytest.approx(-0.1, abs=0.001)  # none less d4
    for gene in ("stage3.op", "stage4.op"):
        assert found[gene].gain == pytest.approx(-0.02, abs=0.001)
        assert found[gene].pairs == 64
        assert found[gene].half < 0.001
    assert abs(found["stage1.op"].gain) < 2 * found["stage1.op"].half
    assert found["stage1.op"].flops > 1


def test_rankers_are_compared_within_groups() -> None:
    bench = made_up()
    groups = {"all": np.ones(128, dtype=bool), "d4": np.arange(128) < 64}
    found = {ranking.name: ranking for ranking in rankings(bench, groups)}
    assert found["validation, first seed"].taus["all"].value > 0.8
    assert found["ridge regression on genes"].taus["d4"].value > 0.6
    assert found["ridge regression on genes"].best < 0.005
    assert found["synflow"].taus["all"].value > 0.8 > -0.8 > found["naswot"].taus["all"].value
    assert found["epoch 2 of 3"].taus["all"].value > 0.8
    assert abs(found["epoch 1 of 3"].taus["all"].value) < 0.2  # nothing is known so early


def test_luck_does_not_rank_equal_networks() -> None:
    rng = np.random.default_rng(1)
    rows = []
    for row in made_up().rows:
        auc = 0.9 + 0.01 * rng.standard_normal()  # of validation and test images alike
        rows.append(replace(row, val_auc=auc, test_auc=auc))
    bench = LensBench(made_up().about, tuple(rows))
    (ranker,) = [
        one
        for one in rankings(bench, {"all": np.ones(128, dtype=bool)})
        if one.name == "validation, first seed"
    ]
    assert abs(ranker.taus["all"].value) < 0.2


def test_trainings_that_went_astray_are_no_noise() -> None:
    bench = made_up()
    astray = [
        replace(row, epoch=0, val_auc=0.5) if i < 3 else row for i, row in enumerate(bench.rows)
    ]
    assert LensBench(bench.about, tuple(astray)).noise == pytest.approx(bench.noise, rel=0.05)
    assert bench.noise == pytest.approx(0.001, rel=0.2)


def test_a_page_of_no_networks_and_of_few() -> None:
    assert "0 of 128 networks" in bench_page(LensBench(made_up().about, ()))
    bench = made_up()
    few = [row for row in bench.rows if row.architecture in {str(n) for n in bench.networks[:8]}]
    assert "8 of 128 networks" in bench_page(LensBench(bench.about, tuple(few)))


def test_the_page_and_the_figure(tmp_path: Path) -> None:
    page = publish_bench(made_up(), tmp_path)
    assert page == (tmp_path / "README.md").read_text()
    assert "](bench.png)" in page
    assert "| symmetry | none | d4 | 64 | -0.10" in page
    assert "| symmetry d4, stage1.stride 2 | 32 |" in page
    assert "τ, symmetry none, stage1.stride 1 |" in page
    assert (tmp_path / "bench.png").stat().st_size > 20_000
    assert all(has_plain_ticks(axes) for axes in bench_figure(made_up()).axes)


def test_trainings_of_another_length_are_compared(tmp_path: Path) -> None:
    bench = made_up()
    path = tmp_path / "others.parquet"
    shorter = [
        replace(row, curve=row.curve[:2], val_auc=1 - row.val_auc, test_auc=1 - row.test_auc)
        for row in bench.rows
        if row.seed == 0
    ]
    longer = [replace(row, curve=(*row.curve, row.val_auc)) for row in bench.rows[:64]]
    few = [replace(row, curve=(*row.curve, row.val_auc)) for row in bench.rows[:1]]
    others = [LensBench(bench.about, tuple(rows)) for rows in (longer, few, shorter)]
    page = bench_page(bench, others)
    (two, four) = page.split("## Shorter and longer trainings")[1].strip().splitlines()[4:]
    assert two.startswith("| 2 | 128 | 1 | 0.1")
    foretold, lasting, cut = (float(cell.split()[0]) for cell in two.split("|")[6:9])
    assert max(foretold, lasting) < -0.7  # the shorter ones rank the other way round
    assert cut > 0.7
    assert four.startswith("| 4 | 64 | 1 | ")
    assert four.endswith("| – |")
    assert float(four.split("|")[7].split()[0]) > 0.7
    assert "Shorter and longer" not in bench_page(bench, others[1:2])
    recipe = {**bench.about["recipe"], "learning_rate": 1.0}
    for what, value in (("space", "lens_nano"), ("images", {"train": 25}), ("recipe", recipe)):
        LensBench({**bench.about, what: value}, ()).write(path)
        with pytest.raises(UserError, match=rf"others\.parquet is a table of other {what} than"):
            open_others([path], bench)


def test_samplers_run_on_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = made_up()
    bench.write(tmp_path / TABLE)
    settings = SamplerBenchmarkSettings(
        table=tmp_path / TABLE,
        budgets="10,40",
        seeds=3,
        strategies="evolution,tpe,random",
        out=tmp_path / "regret",
    )
    samplers.run(settings)
    assert (tmp_path / "regret" / "regret.md").read_text().startswith(capsys.readouterr().out)
    table = open_table(tmp_path / TABLE)
    assert table.best == pytest.approx(95, abs=0.2)  # symmetric, fine, no attention
    network = bench.networks[0]
    assert set(table.readings(network)) == {100 * bench.val(network, seed) for seed in (0, 1)}
    runs = load(tmp_path / "regret" / "regret.jsonl")
    assert {run.strategy for run in runs} == {"evolution", "tpe", "random"}
    made_up(noise=0.002).write(tmp_path / TABLE)
    with pytest.raises(UserError, match=r"holds runs on accuracy, lens_bench \w+: give another"):
        samplers.run(settings)
    LensBench(bench.about, bench.rows[:200]).write(tmp_path / TABLE)
    with pytest.raises(UserError, match="lacks 56 networks of lens_bench"):
        open_table(tmp_path / TABLE)


def _metadata(**changes: Any) -> dict[str, Any]:
    """Return a change of what a table says of all its trainings."""
    about = {**made_up().about, "format": FORMAT, **changes}
    return {"metadata": {b"lens_bench": json.dumps(about).encode()}}


def _with(path: Path, **changes: Any) -> None:
    """Write a benchmark whose first row or metadata are changed."""
    made_up().write(path)
    table = pq.read_table(path)
    metadata = changes.pop("metadata", table.schema.metadata)
    rows = table.to_pylist()
    rows[0] |= changes
    pq.write_table(pa.Table.from_pylist(rows, table.schema).replace_schema_metadata(metadata), path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"val_auc": 1.5}, "val_auc"),
        ({"architecture": "lens_bench/nothing=1"}, "lens_bench"),
        ({"architecture": str(get_space("lens_nano").smallest)}, "lens_nano"),
        ({"curve": []}, "one value an epoch"),
        ({"seed": 1}, "there twice"),
        ({"metadata": {}}, "no table of the lensing benchmark"),
        ({"metadata": {b"lens_bench": b'{"space": "lens_bench"}'}}, "of another version"),
        (_metadata(space="no"), "no search space 'no'"),
        ({"metadata": {b"lens_bench": b"{"}}, "Expecting property name"),
        (_metadata(genes={}), "lens_bench has other genes"),
        (_metadata(recipe={}), "recipe was written by another version"),
    ],
)
def test_a_damaged_table(tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    _with(tmp_path / TABLE, **changes)
    with pytest.raises(UserError, match=f"(?s){sentence}.*nas.benchmarks.table write it anew"):
        LensBench.read(tmp_path / TABLE)


def test_a_file_that_is_no_table(tmp_path: Path) -> None:
    (tmp_path / TABLE).write_bytes(b"PAR1 and so on")
    with pytest.raises(UserError, match="restore it"):
        LensBench.read(tmp_path / TABLE)
    with pytest.raises(UserError, match=r"there is no .*missing: .*nas.benchmarks.table makes it"):
        LensBench.read(tmp_path / "missing")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"space": "lens_nano", "networks": None}, "too many to train all of them: say how many"),
        ({"networks": 129}, "--networks 129 cannot be drawn: lens_bench has 128"),
        ({"space": "nas_bench_macro"}, "no hybrid space"),
    ],
)
def test_spaces_that_cannot_be_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((UserError, SpaceError), match=sentence):
        run(TableSettings(**{**SMALL, **changes}))


@pytest.mark.parametrize("flag", ["networks", "seeds", "train", "val", "test"])
def test_numbers_below_one(flag: str) -> None:
    with pytest.raises(UserError, match=f"--{flag} 0 cannot be used: give 1 or more"):
        TableSettings(**{**SMALL, flag: 0})
