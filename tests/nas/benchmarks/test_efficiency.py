"""The benchmark of few images goes from many to few, and its table is what a report shows."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.benchmarks.efficiency.command import run
from nas.benchmarks.efficiency.settings import EfficiencySettings, check
from nas.benchmarks.trainings import read_trainings
from nas.common.errors import UserError
from nas.report.efficiency import read_efficiency


def test_networks_are_trained_on_ever_fewer_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = EfficiencySettings(
        networks=("lens_nano/symmetric_tiny",),
        images=(24, 96),
        seeds=2,
        epochs=1,
        simulated=180,
        out=tmp_path / "out",
    )
    run(settings)
    table = tmp_path / "out" / "trainings.csv"
    trainings = read_efficiency(table)
    kinds = [(one.network.partition("/")[2], one.images, one.seed) for one in trainings]
    assert kinds == [
        (name, images, seed)
        for seed in (0, 1)
        for images in (96, 24)
        for name in ("symmetric_tiny", "symmetric_tiny untied")
    ]
    # All have as many updates, and validation is scored at most twice as often.
    lengths = [(one.epochs * one.images, len(one.curve.split())) for one in read_trainings(table)]
    assert lengths == [(96, 1), (96, 1), (96, 2), (96, 2)] * 2
    assert (tmp_path / "out" / "efficiency.png").stat().st_size > 10_000
    page = (tmp_path / "out" / "README.md").read_text()
    assert capsys.readouterr().out == page
    assert "| 0.5 | 24 | 4 | lens_nano/symmetric_tiny untied |" in page
    assert page.count("±") == 3 * 4
    for other in ({"nuisance": 0.25}, {"epochs": 2}, {"simulated": 240}):
        with pytest.raises(UserError, match="trainings on other images, or of other lengths"):
            run(replace(settings, **other))  # type: ignore[arg-type]


def test_more_images_than_are_simulated() -> None:
    with pytest.raises(UserError, match="--images 8000 cannot be learned from"):
        check(EfficiencySettings(simulated=1000))


def test_a_misspelt_network_is_named_before_anything_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = EfficiencySettings(networks=("lens_nano/symmetric_tiny", "resnet81"))
    with pytest.raises(UserError, match="timm has no model resnet81"):
        run(settings)
    assert not (tmp_path / "data").exists()
