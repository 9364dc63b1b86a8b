"""The benchmark of symmetric networks goes on where it was stopped, and says what it found."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.benchmarks.symmetry.command import planned, run
from nas.benchmarks.symmetry.settings import SymmetryBenchmarkSettings, check
from nas.benchmarks.trainings import read_trainings
from nas.common.errors import UserError
from search_spaces import get_space
from search_spaces.costs import untied_params


def test_a_stopped_benchmark_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = SymmetryBenchmarkSettings(
        networks=("lens_nano/symmetric_tiny",),
        references=(),
        nuisances=(0.5,),
        images=(96, 64),
        seeds=1,
        epochs=1,
        simulated=180,
        image_size=48,
        out=tmp_path / "out",
    )
    run(settings)
    table = tmp_path / "out" / "trainings.csv"
    trainings = read_trainings(table)
    kinds = [(one.network.partition("/")[2], one.images) for one in trainings]
    assert kinds == [
        (name, images)
        for images in (96, 64)
        for name in ("symmetric_tiny", "symmetric_tiny untied")
    ]
    tied, untied = trainings[:2]
    architecture = get_space("lens_nano").named["symmetric_tiny"]
    assert tied.averaged_auc == pytest.approx(tied.test_auc, abs=1e-4)
    assert untied.params == untied_params(architecture)
    assert 6 * tied.params < untied.params
    assert (tmp_path / "out" / "symmetry.png").stat().st_size > 10_000

    before = table.read_bytes()
    run(replace(settings, seeds=2))
    assert table.read_bytes().startswith(before)
    assert [one.seed for one in read_trainings(table)] == [0] * 4 + [1] * 4
    page = (tmp_path / "out" / "README.md").read_text()
    assert page.count(f"| lens_nano/symmetric_tiny untied | {untied.params:,} | ") == 2
    assert "±" in page
    assert capsys.readouterr().out.endswith(page)


def test_networks_that_take_long_are_trained_once() -> None:
    settings = SymmetryBenchmarkSettings(networks=("lens_nano/symmetric_tiny",))
    trainings = [training for training, _ in planned(settings)]
    once = [one for one in trainings if "/" not in one.network]
    assert [one.network for one in once] == list(settings.references)
    assert {(one.seed, one.nuisance, one.images) for one in once} == {(0, 0.5, 8400)}
    assert len(trainings) == 2 * 3**3 + len(once)


def test_more_images_than_are_simulated() -> None:
    with pytest.raises(UserError, match="--images 8400 cannot be learned from"):
        check(SymmetryBenchmarkSettings(simulated=1000))
