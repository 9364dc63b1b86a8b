"""The benchmark of priors gives the same images with and without, and goes on where it stopped."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nas.benchmarks.priors.command import run
from nas.benchmarks.priors.settings import PriorSettings, check
from nas.benchmarks.trainings import read_trainings
from nas.common.errors import UserError


def test_a_stopped_benchmark_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = PriorSettings(
        architecture="symmetric_tiny",
        images=(32,),
        seeds=1,
        epochs=1,
        simulated=90,
        out=tmp_path / "out",
    )
    run(settings)
    csv = tmp_path / "out" / "trainings.csv"
    trainings = read_trainings(csv)
    assert [one.prior for one in trainings] == ["none", "residual", "sersic residual"]
    alone, residual, sersic = trainings
    assert residual.params == sersic.params > alone.params  # one channel more
    assert len({one.curve for one in trainings}) == 3
    before = csv.read_bytes()
    run(replace(settings, seeds=2))
    assert csv.read_bytes().startswith(before)
    assert [(one.prior, one.seed) for one in read_trainings(csv)[3:]] == [
        ("none", 1),
        ("residual", 1),
        ("sersic residual", 1),
    ]
    # Trainings on other images stand in the same table, and are other lines of the page.
    run(replace(settings, nuisance=0.25, seeds=1))
    page = (tmp_path / "out" / "README.md").read_text()
    assert page.count("| 0.25 | ") == 3
    assert page.count("| 32 | ") == 6
    assert capsys.readouterr().out.endswith(page)


def test_more_images_than_are_simulated() -> None:
    with pytest.raises(UserError, match="--images 8400 cannot be learned from"):
        check(PriorSettings(simulated=1000))
    for name in ("images", "seeds", "epochs"):
        value: Any = (0,) if name == "images" else 0
        with pytest.raises(UserError, match=f"--{name} 0 cannot be used: give 1 or more"):
            check(PriorSettings(**{name: value}))
