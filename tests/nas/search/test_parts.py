"""The small parts of a search work by themselves."""

import io
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from nas.common.errors import UserError
from nas.common.screen import screen
from nas.costs import measure_latency
from nas.data.default import default_data
from nas.search.live import candidate_table, live_view
from nas.search.result import Candidate
from nas.training.loop import OnEpoch
from nas.training.paced import paced
from nas.training.record import EpochRecord
from search_spaces import get_space
from tests.nas.search.studies import settle, study


def record(epoch: int) -> EpochRecord:
    return EpochRecord(epoch, epoch, 0.5, 0.1, 1.0, {"auc": 0.7})


class Training:
    """A training that counts the epochs that were begun."""

    def __init__(self, breaks: int = 0) -> None:
        self.begun = 0
        self._breaks = breaks

    def __call__(self, on_epoch: OnEpoch) -> None:
        for epoch in range(1, 4):
            self.begun += 1
            if epoch == self._breaks:
                raise ValueError("astray")
            on_epoch(record(epoch))


def test_a_paced_training_waits_for_its_watcher() -> None:
    training = Training()
    epochs = paced(training)
    for number in range(1, 4):
        assert next(epochs).epoch == number
        assert training.begun == number
    assert list(epochs) == []


def test_a_paced_training_can_be_stopped() -> None:
    training = Training()
    epochs = paced(training)
    next(epochs)
    epochs.close()
    assert training.begun == 1


def test_what_a_paced_training_raises_is_raised() -> None:
    epochs = paced(Training(breaks=2))
    next(epochs)
    with pytest.raises(ValueError, match="astray"):
        next(epochs)


def test_latency_is_that_of_a_stated_batch() -> None:
    class Seen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.shapes: set[torch.Size] = set()

        def forward(self, images: torch.Tensor) -> torch.Tensor:
            assert not self.training
            self.shapes.add(images.shape)
            return images

    network = Seen()
    latency = measure_latency(network, (1, 8, 9), 5, "cpu")
    assert network.shapes == {torch.Size((5, 1, 8, 9))}
    assert latency.milliseconds > 0
    assert (latency.batch, latency.device) == (5, "cpu")


def test_the_default_data_name_a_mend_that_commands_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The directory may hold other data, which an earlier version simulated by default."""
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "data" / "lenses-48px" / "train"
    directory.mkdir(parents=True)
    (directory / "dataset.json").write_text('{"settings": {"nuisance": 0.5}}')
    with pytest.raises(
        UserError, match=r"holds another dataset .*: move it away, or choose another directory$"
    ) as told:
        default_data()
    assert "--out" not in str(told.value)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_progress_and_the_best(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    searched = study(tmp_path / "study.db", 2)
    with live_view(searched) as show:
        while (task := searched.next()) is not None:
            settle(searched, task)
            show()
    best = searched.pareto()[0]
    assert "2/2" in terminal.getvalue()
    assert f"{best.auc:.4f}" in terminal.getvalue()
    assert f"{best.params:,}" in terminal.getvalue()


def test_elsewhere_it_is_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with live_view(study(tmp_path / "study.db", 2)) as show:
        show()
    out, told = capsys.readouterr()
    assert out == ""
    assert len(told.splitlines()) == 2


def test_a_table_says_latency_only_where_it_is_known() -> None:
    line = str(get_space("hybrid_nano").named["coatnet_like"])
    known, unknown = (
        Candidate(
            number=0,
            state="complete",
            architecture=line,
            auc=0.7,
            params=1000,
            flops=10**6,
            latency_ms=ms,
        )
        for ms in (2.5, None)
    )
    assert len(candidate_table([unknown]).columns) == 5
    table = candidate_table([unknown, known])
    assert list(table.columns[4].cells) == ["–", "2.5"]
    assert list(table.columns[5].cells) == ["M1·24 M2·48 A2·96 A1·128"] * 2


def test_a_narrow_terminal_shows_every_number_whole() -> None:
    space = get_space("lens_nano")
    rows = [
        Candidate(
            number=1234,
            state="complete",
            architecture=str(space.named[name]),
            auc=0.98765,
            params=28_889,
            flops=18_700_000,
            untied_params=231_091,
        )
        for name in ("symmetric_mbconv", "symmetric_tiny")
    ]
    console = screen(width=60)
    with console.capture() as capture:
        console.print(candidate_table(rows))
    for number in ("1234", "0.9877", "28,889", "231,091", "18.7"):
        assert capture.get().count(number) == 2
