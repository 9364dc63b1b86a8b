"""Searches of the API: what they found can be asked, and they are interrupted and go on."""

import _thread
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
import ray

from nas import api
from nas.cluster.connection import cluster
from nas.common.artefacts import read_json
from nas.common.errors import UserError
from nas.data import LensDataset
from tests.nas.report.made import make_run

# Networks so small that a candidate takes a moment.
QUICK: dict[str, Any] = {
    "fidelity": "scratch",
    "strategy": "random",
    "epochs": 1,
    "batch_size": 16,
    "max_params": 40_000,
    "workers": 1,
    "gpus_per_trial": 0.0,
    "track": "none",
}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LensDataset:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    images = rng.random((60, 32, 32, 3), dtype=np.float32) + labels[:, None, None, None]
    return api.from_arrays(images, labels, classes=("ring", "arc"))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell that runs the tests in the background has them ignore SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt_after(candidates: int, log: Path) -> threading.Thread:
    """Interrupt the main thread, as a notebook does, when so many candidates are done."""

    def watch() -> None:
        while not log.exists() or log.read_text().count(" complete: ") < candidates:
            time.sleep(0.02)
        _thread.interrupt_main()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def rays() -> set[int]:
    """Return the ids of the processes of the Ray that this process starts.

    Tests beside these start others. The directory of a Ray ends in the id of who started it.
    """
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if re.search(rb"/ray/session_[^/\0]*_%d[/\0]" % os.getpid(), words):
                found.add(int(process.name))
    return found


def test_an_interrupted_search_of_arrays_goes_on_in_the_same_process(
    data: LensDataset, interruptible: None, tmp_path: Path
) -> None:
    with cluster(None, 1):
        assert rays()  # they are found where there are some
    before = rays()
    thread = interrupt_after(1, tmp_path / "mine" / "search.log")
    with pytest.raises(KeyboardInterrupt):
        api.search(data, trials=50, run="mine", **QUICK)
    thread.join()
    assert not ray.is_initialized()
    until = time.monotonic() + 10
    while rays() - before and time.monotonic() < until:
        time.sleep(0.1)
    assert rays() - before == set()
    done = len(api.SearchResult(Path("mine")).candidates)
    assert 1 <= done < 50
    with pytest.raises(UserError, match="begun with strategy random, not tpe"):
        api.search(resume="mine", strategy="tpe")
    found = api.search(resume="mine", trials=done + 2)
    assert not ray.is_initialized()
    table = found.candidates
    assert (table["state"] != "infeasible").sum() == done + 2
    assert found.best.auc == table.loc[table["state"] == "complete", "auc"].max()
    # What was found on arrays is trained on, by a later call that knows the directory alone.
    retrained = api.retrain(found, epochs=1, seeds=1, batch_size=16, device="cpu", track="none")
    assert retrained.classifier.classes == ("ring", "arc")
    assert retrained.summaries[0].architecture == found.best.architecture
    # What made them is written down as commands that do the same.
    log = (tmp_path / "mine" / "search.log").read_text()
    assert f" started: python -m nas.search --data {data.directory} --trials 50 --run mine" in log
    assert f" resumed: python -m nas.search --trials {done + 2} --resume mine\n" in log
    result = read_json(retrained.checkpoint.with_name("result.json"))
    assert result["command"].startswith("python -m nas.retrain --run mine --epochs 1 --seeds 1 ")


@pytest.fixture
def found(data: LensDataset, tmp_path: Path) -> api.SearchResult:
    make_run(tmp_path / "run", data.directory)
    return api.SearchResult(tmp_path / "run")


def test_a_search_can_be_asked(found: api.SearchResult) -> None:
    table = found.candidates
    assert list(table.index) == list(range(24))
    assert found.best.auc == table["auc"].max()
    assert found.best.number in found.pareto.index
    assert found.pareto["auc"].is_monotonic_decreasing
    assert found.pareto["params"].is_monotonic_decreasing
    assert isinstance(found.study, optuna.Study)
    assert found.study.best_value == found.best.auc


def test_a_search_shows_itself(found: api.SearchResult) -> None:
    assert f"24 candidates, best of validation AUC {found.best.auc:.4f}" in repr(found)
    assert found._repr_html_().count("<tr") == 1 + len(found.pareto) + 1
    figure = found.plot_history()
    assert figure.axes[0].get_ylabel() == "validation AUC"
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_search_stands_for_its_directory(found: api.SearchResult) -> None:
    assert api.report(found).path == found.directory / "report.html"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda data: api.search("nowhere"), "nowhere does not exist"),
        (lambda data: api.search(data.images), r"of type memmap .* with api\.from_arrays"),
        (lambda data: api.train(data.images.tolist()), "data is of type list and no directory"),
        (lambda data: api.open_data(data.images), "data is of type memmap and no directory"),
        (lambda data: api.search(data, strategy="evolutoin"), "did you mean evolution"),
        (lambda data: api.search(data, trails=3), "did you mean trials"),
        (lambda data: api.search(data, trials=0), "^trials 0 cannot be used"),
        (lambda data: api.search(resume="nowhere"), "nowhere is not the directory of a search"),
        (lambda data: api.search(data, max_params=10, **RUN), "max-params 10"),
    ],
)
def test_mistakes_are_exceptions(data: LensDataset, call: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        call(data)
    assert not ray.is_initialized()


RUN = {"run": "other", "fidelity": "scratch"}
