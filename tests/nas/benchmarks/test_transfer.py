"""The benchmark of transfer tests each network on all kinds of images, and goes on."""

from dataclasses import replace
from pathlib import Path

import pytest

from nas.benchmarks.rows import read_lines
from nas.benchmarks.trainings import simulated_images
from nas.benchmarks.transfer.command import run, simulations_of
from nas.benchmarks.transfer.judged import Transfer
from nas.benchmarks.transfer.settings import TransferSettings, check
from nas.common.errors import UserError


def test_a_stopped_benchmark_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = TransferSettings(
        networks=("lens_nano/symmetric_tiny",),
        nuisances=(0.1,),
        images=60,
        seeds=1,
        epochs=1,
        simulated=120,
        image_size=32,
        out=tmp_path / "out",
    )
    run(settings)
    table = tmp_path / "out" / "transfer.csv"
    rows = read_lines(table, Transfer)
    kinds, names = ("realistic 0.1", "deeplense"), ("symmetric_tiny", "symmetric_tiny untied")
    assert [(row.trained_on, row.network.partition("/")[2], row.tested_on) for row in rows] == [
        (own, name, other) for own in kinds for name in names for other in kinds
    ]
    for own, other in zip(rows[::2], rows[1::2], strict=True):
        # It is one training: the temperature is that of the images learned from.
        assert (own.temperature, own.val_auc) == (other.temperature, other.val_auc)
        assert (own.auc, own.ece) != (other.auc, other.ece)
        assert own.scaled_loss != own.loss
    before = table.read_bytes()
    run(replace(settings, seeds=2))
    assert table.read_bytes().startswith(before)
    assert [row.seed for row in read_lines(table, Transfer)] == [0] * 8 + [1] * 8
    page = (tmp_path / "out" / "README.md").read_text()
    assert page.count("| 2 | 0.") == 8
    assert page.count(" of 4 |") == 4
    assert (tmp_path / "out" / "transfer.png").stat().st_size > 10_000
    assert capsys.readouterr().out.endswith(page)

    # A finished benchmark needs no images to be shown again.
    (tmp_path / "data").rename(tmp_path / "moved")
    run(replace(settings, seeds=2))
    assert not (tmp_path / "data").exists()


def test_kinds_differ_in_their_pixels_and_in_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    kinds = simulations_of(TransferSettings(simulated=60, image_size=32, nuisances=(0.5,)))
    realistic, deeplense = (simulated_images(kind) for kind in kinds.values())
    assert realistic.dataset.classes == deeplense.dataset.classes
    assert realistic.dataset.images.shape == deeplense.dataset.images.shape == (60, 1, 32, 32)
    assert realistic.normalisation != deeplense.normalisation


def test_more_images_than_are_simulated() -> None:
    with pytest.raises(UserError, match="--images 8400 cannot be learned from"):
        check(TransferSettings(simulated=1000))
