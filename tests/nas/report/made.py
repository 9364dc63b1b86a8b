"""A run and a leaderboard as they are left on the disk, without anything being trained."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import search_spaces
from nas.common.provenance import Made
from nas.data.dataset import open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions
from nas.report.board import Board, BoardData
from nas.report.rows import JudgedTraining, PairedComparison, Published, Row, Spread
from nas.search.objectives import pareto
from nas.search.result import Best, DataSource
from nas.search.run_directory import RunDirectory
from nas.search.study import SearchStudy
from nas.training.deciding import AVERAGED
from nas.training.metrics import score
from nas.training.networks.card import ModelCard
from nas.training.record import EpochRecord, to_csv
from tests.nas.search.studies import finish, study

SPACE = search_spaces.get_space("hybrid_nano")
NORMALISATION = Normalisation((0.0,), (1.0,), (0.0,), (1.0,))


def make_run(
    path: Path,
    data: Path,
    trials: int = 24,
    finish: Callable[[SearchStudy], SearchStudy] = finish,
    first_rung: int = 0,
) -> RunDirectory:
    """A search that is finished, and its best network trained from two seeds."""
    dataset = open_dataset(data)
    path.mkdir(parents=True)
    run = RunDirectory(path)
    searched = finish(study(path / "study.db", trials=trials, first_rung=first_rung))
    candidates = searched.candidates()
    run.write_config(
        {"strategy": "evolution", "space": SPACE.name, "latency_batch": 64, "storage": None}
    )
    run.write_environment({"command": "python -m nas.search", "date": "2026-01-01"})
    run.write_candidates(candidates)
    front = tuple(pareto(candidates, ("auc", "params")))
    options: dict[str, Any] = dict(vars(ReadOptions())) | {"classes": []}
    source = DataSource(str(data), options, dataset.fingerprint)
    best = Best(SPACE.name, front[0], front, ("auc",), "inherit", None, (32, 32), source)
    run.write_best(best)
    directory = path / "retrain" / "0123456789abcdef"
    test = dataset.splits().test
    images = dataset.table.iloc[test][["file", "row"]].reset_index(drop=True)
    trainings = [
        train(directory, f"seed-{seed}", images, dataset.labels[test], dataset.classes, seed)
        for seed in (0, 1)
    ]
    card = ModelCard(
        SPACE.name, best.winner.architecture, dataset.classes, 1, (32, 32), NORMALISATION
    )
    summary = {
        "model": card.to_json(),
        "params": best.winner.params,
        "flops": best.winner.flops,
        "trainings": [
            {name: value for name, value in asdict(item).items() if name != "predictions"}
            for item in trainings
        ],
        **{
            split: {n: vars(s) for n, s in scores.items()}
            for split, scores in spreads(trainings).items()
        },
    }
    (directory / "summary.json").write_text(json.dumps(summary))
    return run


def make_board(
    path: Path, names: tuple[str, ...], classes: tuple[str, ...] = ("no", "yes", "maybe")
) -> Board:
    """A board with a found network, baselines of these names, one that failed, and chance.

    Its data set and its search are gone.
    """
    labels = np.arange(60) % len(classes)
    images = pd.DataFrame({"file": "images.npy", "row": np.arange(60)})
    data = BoardData(
        "gone", ReadOptions(), "0" * 64, classes, (32, 32), {"train": 100, "val": 20, "test": 60}
    )
    return _make_board(path, names, data, "results/runs/gone", images, labels)


def make_whole_board(path: Path, data: Path, options: ReadOptions, source: str) -> Board:
    """A board with a found network and a baseline, whose data set and search are there."""
    dataset = open_dataset(data, options)
    splits = dataset.splits()
    counts = {name: len(getattr(splits, name)) for name in ("train", "val", "test")}
    height, width = dataset.images.shape[2:]
    about = BoardData(
        str(data), options, dataset.fingerprint, dataset.classes, (height, width), counts
    )
    images = dataset.table.iloc[splits.test][["file", "row"]].reset_index(drop=True)
    return _make_board(path, ("ResNet-18",), about, source, images, dataset.labels[splits.test])


def _make_board(
    path: Path,
    names: tuple[str, ...],
    data: BoardData,
    source: str,
    images: pd.DataFrame,
    labels: Any,
) -> Board:
    classes = data.classes
    rows = []
    for position, name in enumerate(("found: evolution", *names)):
        found = position == 0
        trainings = tuple(
            train(path, f"{position}-{seed}", images, labels, classes, seed) for seed in (0, 1)
        )
        architecture = str(SPACE.named["coatnet_like"]) if found else None
        card = ModelCard(
            SPACE.name if found else "resnet18", architecture, classes, 1, (32, 32), NORMALISATION
        )
        scores = spreads(trainings)
        auc = scores["test"]["auc"].mean
        row = Row(
            name,
            "found" if found else "baseline",
            source=source if found else "",
            card=card.to_json(),
            # Sorted as text, 9 comes after 1,000, and 1,000,000 before 20.
            params=(481_497, 9, 1_000, 20, 1_000_000)[position],
            flops=10 ** (6 + position),
            latency_ms={"1": 1.5 + position, "64": 20.0 + position},
            learning_rate=0.001,
            interval=(auc - 0.05, auc + 0.04),
            comparison=None if found else PairedComparison(0.01, (-0.02, 0.04), 0.4),
            published=(Published("Model I", 0.99, 0.95, "a paper"),),
            trainings=trainings,
            metrics=scores,
        )
        rows.append(row)
    rows.append(Row("broken", "baseline", failure="out of memory"))
    rows.append(
        replace(rows[-1], name="chance", kind="reference", failure="", metrics=chance(classes))
    )
    board = Board(
        data,
        recipe={"epochs": 1, "learning_rate": 0.002, "augmentation": {"symmetries": True}},
        device="cpu",
        threads=1,
        latency_batches=(1, 64),
        rows=tuple(rows),
        best_found="found: evolution",
        published={"VOLO & <b>co</b>": (Published("Model II", 0.97, 0.9999, "another paper"),)},
        command="python -m baselines.leaderboard",
        environment={"date": "2026-01-01"},
    )
    board.write(path)
    return board


def chance(classes: tuple[str, ...]) -> dict[str, dict[str, Spread]]:
    names = ("auc", *(f"auc_{name}" for name in classes))
    return {
        "test": {
            "accuracy": Spread(1 / len(classes), None),
            **{name: Spread(0.5, None) for name in names},
        }
    }


def train(
    root: Path, name: str, images: pd.DataFrame, labels: Any, classes: tuple[str, ...], seed: int
) -> JudgedTraining:
    """Write predictions that are somewhat right, and the log of one epoch."""
    rng = np.random.default_rng([seed, *name.encode()])
    logits = rng.normal(size=(len(labels), len(classes))) + 0.7 * np.eye(len(classes))[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    table = images.copy()
    table["label"] = [classes[label] for label in labels]
    table[list(classes)] = probabilities
    file = root / name / "predictions.parquet"
    file.parent.mkdir(parents=True)
    table.to_parquet(file, index=False)
    scores = score(probabilities, labels, classes).to_json()
    (root / name / "log.csv").write_text(to_csv([EpochRecord(1, 9, 0.5, 0.001, 10.0, scores)]))
    test = {**scores, AVERAGED: (1 + scores["auc"]) / 2}
    made = Made("cpu", 1, 1, "a processor", "Python 3.11", "0123abc")
    return JudgedTraining(
        seed,
        scores,
        test,
        10.0,
        1,
        made,
        temperature=2.0,
        predictions=str(file.relative_to(root)),
    )


def spreads(trainings: Any) -> dict[str, dict[str, Spread]]:
    def spread(split: str, name: str) -> Spread:
        values = [getattr(training, split)[name] for training in trainings]
        return Spread(float(np.mean(values)), float(np.std(values, ddof=1)))

    return {
        split: {name: spread(split, name) for name in getattr(trainings[0], split)}
        for split in ("validation", "test")
    }
