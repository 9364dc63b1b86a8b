"""Every value of every file that a command reads is checked: one sentence, or it is harmless."""

import csv
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from baselines.leaderboard.costs import LatencyCache
from baselines.leaderboard.trainings import Cache
from nas.cluster.options import WorkerOptions
from nas.common.cli import to_plain
from nas.common.provenance import Made
from nas.data.dataset import open_dataset
from nas.data.meta import META, read_meta
from nas.data.tensors import LensTensors
from nas.report.board import Board
from nas.report.leaderboard_table import board_table, published_table
from nas.retrain.summary import Summary
from nas.search.found import read_found
from nas.search.settings import SearchSettings, earlier, resumed
from nas.training.alone import train_alone
from nas.training.files import TrainingFiles
from nas.training.networks.card import ModelCard
from nas.training.networks.checkpoint import save_checkpoint
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord
from nas.training.repeated import Repeated
from nas.training.result import FinalScores, read_scores
from nas.training.spec import TrainingSpec
from search_spaces import get_space
from tests.folders import folder
from tests.mutations import TEXTS, require_schema, survives, write_json
from tests.nas.checkpoints import NAMES, SCALE
from tests.nas.report.made import make_board
from tests.nas.search.runs import searched

LINE = str(get_space("hybrid_nano").smallest)
CARD = ModelCard("hybrid_nano", LINE, NAMES, 1, (32, 32), SCALE)
SPEC = TrainingSpec(data="0" * 64, card=CARD, recipe=Recipe(), seed=0)
SCORES = {"auc": 0.9, "accuracy": 0.8, "loss": 0.4, "auc_vortex": 0.7}
MADE = Made("cpu", 1, 1, "a processor", "Python 3.11", "0123abc")
FINAL = FinalScores(0, SCORES, SCORES, 60.0, 4, MADE, temperature=1.2)

Artefact = tuple[Path, Callable[[], Any]]


def result(path: Path) -> Artefact:
    file, values = path / "result.json", asdict(FINAL)
    file.write_text(json.dumps({**SPEC.to_json(), **values, **values.pop("made")}))
    return file, lambda: read_scores(path, SPEC)


def summary(path: Path) -> Artefact:
    Summary(path, CARD, 28_889, 10**7, Repeated((FINAL, FINAL))).write(SPEC)
    file = path / "summary.json"
    values = json.loads(file.read_text())
    assert {"validation", "test"} <= values.keys()  # for people; nothing of it is read back
    known = ("model", "params", "flops", "trainings")
    file.write_text(json.dumps({name: values[name] for name in known}))

    def read() -> None:
        scores = Summary.read(path).scores
        scores.spread("validation", "auc"), scores.spread("test", "accuracy")

    return file, read


def best(path: Path) -> Artefact:
    run = searched(path / "run", folder(path / "data"))

    def read() -> None:
        best, _ = read_found(run)
        assert f"{best.winner.auc:.4f} {best.winner.flops / 1e6}"
        assert best.objectives.index("auc") >= 0
        best.data.read_options()

    return run.best_file, read


def environment(path: Path) -> Artefact:
    run = searched(path / "run", folder(path / "data"))
    for commit in ("a", "b"):
        run.write_environment({"commit": commit, "seed": 0, "data": {"directory": "images"}})
    return run.environment_file, run.environments


def board(path: Path) -> Artefact:
    made = make_board(path, ("ResNet-18",))

    def read() -> None:
        board = Board.read(path)
        board_table(board), published_table(board)

    file = path / "leaderboard.json"
    values = json.loads(file.read_text())
    for row in values["rows"]:  # One class stands for all, and one seed.
        row["trainings"] = row["trainings"][:1]
        if row["card"] is not None:
            row["card"]["normalisation"] = {
                "mean": [0.0],
                "std": [1.0],
                "offset": [0.0],
                "scale": [1.0],
            }
    assert len(made.rows) == 4
    values["rows"] = [values["rows"][0], values["rows"][-1]]
    file.write_text(json.dumps(values))
    return file, read


def standalone(path: Path) -> Artefact:
    file = path / f"{SPEC.digest}.json"
    outcome = {**SCORES, "epoch": 3, "seconds": 1.5}
    file.write_text(json.dumps({**SPEC.to_json(), "outcome": outcome}))
    images = LensTensors(torch.zeros(3, 1, 32, 32), torch.arange(3), NAMES)

    def read() -> None:
        (told,) = train_alone([SPEC], images, images, path, WorkerOptions())
        assert isinstance(told.outcome["auc"], int | float)

    return file, read


def latency(path: Path) -> Artefact:
    cache = LatencyCache(path, torch.device("cpu"), "a processor", (1, 64))
    file = cache._path(CARD)
    file.write_text(json.dumps({"device": "cpu", "milliseconds": {"1": 1.5, "64": 20.0}}))
    return file, lambda: cache.known(CARD)


def tried(path: Path, name: str, value: dict[str, Any], ask: str) -> Artefact:
    cache = Cache(path, CARD)  # type: ignore[arg-type] # Only what counts is compared with images.
    cache.directory(SPEC).mkdir()
    (cache.directory(SPEC) / name).write_text(json.dumps({**SPEC.to_json(), **value}))
    # The directory is named, which is removed as a whole.
    return cache.directory(SPEC) / name, lambda: getattr(cache, ask)(SPEC)


def validation(path: Path) -> Artefact:
    return tried(path, "validation.json", {"auc": 0.9}, "validation")


def diverged(path: Path) -> Artefact:
    return tried(path, "diverged.json", {"reason": "no number"}, "divergence")


def meta(path: Path) -> Artefact:
    store = open_dataset(folder(path / "data")).store
    return store / META, lambda: read_meta(store)


ARTEFACTS = (
    result,
    summary,
    best,
    environment,
    board,
    standalone,
    latency,
    validation,
    diverged,
    meta,
)


def named(file: Path) -> Path:
    return file.parent if file.name in ("validation.json", "diverged.json") else file


@pytest.mark.parametrize("make", ARTEFACTS)
def test_every_value_is_checked(make: Callable[[Path], Artefact], tmp_path: Path) -> None:
    file, read = make(tmp_path)
    require_schema(named(file), read, write_json(file), json.loads(file.read_text()))


@pytest.mark.parametrize("make", ARTEFACTS)
def test_what_is_no_artefact(make: Callable[[Path], Artefact], tmp_path: Path) -> None:
    file, read = make(tmp_path)
    for name, content in TEXTS.items():
        file.write_bytes(content)
        harmless = make is environment and name == "list"  # a run without a start
        assert survives(read, named(file)) == harmless, name


def test_settings_of_a_run(tmp_path: Path) -> None:
    run = searched(tmp_path / "run", folder(tmp_path / "data"))
    settings = to_plain(SearchSettings())
    run.write_config(settings)
    # YAML holds what JSON holds.
    write = write_json(run.config_file)
    resume = SearchSettings(resume=run.path)
    # Reading settings is slow, since their flags are made first.
    names = ("null", "text", "inner", "huge")
    require_schema(run.config_file, lambda: (run.config(), earlier(resume)), write, settings, names)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "- a",
        "{",
        "trials: &a [*a]",
        "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]",
        "trials: " + "[" * 10_000,
        "space: " + "x" * 1_000_000,
        "trials: .nan",
        "trials: 2026-01-01",
        "trials: " + "1" * 10_000,
        "trials: \0",
    ],
)
def test_yaml_that_is_no_settings(tmp_path: Path, text: str) -> None:
    run = searched(tmp_path / "run", folder(tmp_path / "data"))
    run.config_file.write_text(text)
    assert not survives(lambda: resumed(run.path), run.config_file)


def test_nothing_is_executed(tmp_path: Path) -> None:
    run = searched(tmp_path / "run", folder(tmp_path / "data"))
    made = tmp_path / "made"
    run.config_file.write_text(f"space: !!python/object/apply:os.mkdir ['{made}']")
    assert not survives(run.config, run.config_file)
    assert not made.exists()


def test_candidates(tmp_path: Path) -> None:
    run = searched(tmp_path / "run", folder(tmp_path / "data"))
    whole = run.candidates_file.read_text()
    head, *lines = whole.splitlines()
    row = next(csv.reader(lines))
    assert len(row) == len(head.split(","))
    instead = ("", "-1", "1.5", "inf", "nan", "x", "1" * 5_000, "x" * 1_000_000, "\0", "two\nlines")
    outcomes = []
    for column in range(len(row)):
        for value in instead:
            mutant = [*row[:column], value, *row[column + 1 :]]
            quoted = ",".join(f'"{cell}"' for cell in mutant)
            run.candidates_file.write_text("\n".join([head, quoted, *lines[1:]]) + "\n")
            outcomes.append(survives(lambda: read_found(run), run.candidates_file))
    assert not all(outcomes)
    for text in ("", head, head + "\n" + lines[-1], "a,b\n1,2\n", "\xff"):
        run.candidates_file.write_text(text, encoding="latin-1")
        assert not survives(lambda: read_found(run), run.candidates_file)


def test_the_epochs_of_a_training(tmp_path: Path) -> None:
    files = TrainingFiles(tmp_path, SPEC.to_json())
    records = [EpochRecord(epoch, 10 * epoch, 0.5, 1e-3, 2.0, {"auc": 0.9}) for epoch in (1, 2)]
    about = {"identity": SPEC.to_json(), "epochs": [record.to_json() for record in records]}

    def write(values: Any) -> None:
        save_checkpoint(files.state, {"weight": torch.zeros(1)}, values, "state")

    # Where the spec is another one, the directory is named.
    require_schema(tmp_path, files.read, write, about)
