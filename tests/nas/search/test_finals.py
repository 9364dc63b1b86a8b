"""The finals train the best candidates whole, and say how sure it is which of them is better."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nas.common.errors import UserError
from nas.search.command import run as search
from nas.search.finals import compared
from nas.search.objectives import ranked
from nas.search.result import Best, Candidate, Finals
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, resumed
from nas.search.winners import Winners
from nas.training.bootstrap import RESAMPLES, Bootstrap
from nas.training.networks.checkpoint import load_checkpoint

LABELS = np.arange(300) % 3


pytestmark = pytest.mark.usefixtures("running")


def predictions(skill: float, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return probabilities that are the righter the more skill there is."""
    noise = np.random.default_rng(seed).standard_normal((len(LABELS), 3))
    logits = skill * np.eye(3)[LABELS] + noise
    exponentials = np.exp(logits)
    probabilities: np.ndarray[Any, np.dtype[np.float64]] = exponentials / exponentials.sum(
        1, keepdims=True
    )
    return probabilities


def candidate(number: int, flops: int) -> Candidate:
    line = f"space/gene={number}"
    return Candidate(
        number=number, state="complete", architecture=line, auc=0.9, params=9, flops=flops
    )


def finals(*skills: float, flops: tuple[int, ...], seeds: int = 2) -> Finals:
    bootstrap = Bootstrap(LABELS, 3)
    given = [
        [predictions(skill, 10 * i + seed) for seed in range(seeds)]
        for i, skill in enumerate(skills)
    ]
    aucs = [tuple(bootstrap.auc([one]) for one in own) for own in given]
    candidates = [
        Candidate(
            number=i,
            state="complete",
            architecture=f"space/gene={i}",
            auc=0.9,
            params=9,
            flops=cost,
        )
        for i, cost in enumerate(flops)
    ]
    return compared(candidates, aucs, given, bootstrap.aucs, epochs=3)


def test_a_clearly_better_network_is_recommended_whatever_it_costs() -> None:
    found = finals(1.0, 3.0, 1.2, flops=(1, 100, 1))
    best, *others = found.finalists
    assert (best.trial, best.worse, found.recommended) == (1, None, 1)
    assert all(one.worse is not None and one.worse > 0.99 for one in others)
    means = [np.mean(one.aucs) for one in found.finalists]
    assert means == sorted(means, reverse=True)


def test_of_networks_that_cannot_be_told_apart_the_cheapest_is_recommended() -> None:
    found = finals(2.0, 2.0, 0.5, flops=(100, 50, 1))
    assert found.recommended == 1
    assert {one.trial for one in found.finalists[:2]} == {0, 1}
    second = found.finalists[1].worse
    assert second is not None
    assert 0.05 < second < 0.95


def test_seeds_count_as_images_do() -> None:
    """Two networks whose seeds lie far apart cannot be told from each other by many images."""
    bootstrap = Bootstrap(LABELS, 3)
    steady = [predictions(2.0, 1), predictions(2.0, 2)]
    unsteady = [predictions(4.0, 3), predictions(0.7, 4)]
    aucs = [tuple(bootstrap.auc([one]) for one in own) for own in (steady, unsteady)]
    candidates = [candidate(i, flops=9) for i in range(2)]
    found = compared(candidates, aucs, [steady, unsteady], bootstrap.aucs, epochs=3)
    assert found.finalists[0].trial == 0
    surety = found.finalists[1].worse
    assert surety is not None
    assert surety < 0.95


def test_the_order_of_seeds_is_of_no_account() -> None:
    bootstrap = Bootstrap(LABELS, 3)
    given = [[predictions(skill, 7 * i + j) for j, skill in enumerate((2.0, 1.6))] for i in (1, 2)]
    turned = [given[0], given[1][::-1]]
    found = []
    for own in (given, turned):
        aucs = [tuple(bootstrap.auc([one]) for one in seeds) for seeds in own]
        candidates = [candidate(i, flops=9) for i in range(2)]
        found.append(compared(candidates, aucs, own, bootstrap.aucs, epochs=3).finalists[1].worse)
    assert found[0] == pytest.approx(found[1])


def test_equal_networks_are_seldom_told_apart() -> None:
    """Two networks of two seeds each, all four drawn from one distribution."""
    bootstrap, rng, told = Bootstrap(LABELS, 3, resamples=RESAMPLES), np.random.default_rng(0), 0
    for _ in range(60):
        given = [
            [predictions(2 + 0.3 * rng.standard_normal(), int(rng.integers(10**6))) for _ in "ab"]
            for _ in "ab"
        ]
        aucs = [tuple(bootstrap.auc([one]) for one in own) for own in given]
        found = compared([candidate(i, flops=9) for i in range(2)], aucs, given, bootstrap.aucs, 3)
        told += (found.finalists[1].worse or 0) >= 0.95
    assert told <= 12  # a fifth; by chance it is about a tenth


def test_a_search_has_finals_and_goes_on_with_them(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = SearchSettings(
        data=data,
        strategy="random",
        epochs=1,
        trials=3,
        batch_size=16,
        final_epochs=2,
        workers=2,
        run=tmp_path / "run",
    )
    search(settings)
    run = RunDirectory.open(tmp_path / "run")
    best = run.best()
    assert best.fidelity == "funnel"
    assert best.finals is not None
    assert (best.finals.epochs, len(best.finals.finalists)) == (2, 2)
    scored = ranked(run.candidates())
    assert {one.trial for one in best.finals.finalists} == {item.number for item in scored[:2]}
    assert best.winner.number == best.finals.recommended
    assert all(len(one.aucs) == 2 for one in best.finals.finalists)
    # No seed is that of a candidate, and none that of a training which reports.
    seeds = [json.loads(path.read_text())["seed"] for path in run.finals.glob("*.json")]
    assert sorted(seeds) == [1001, 1001, 1002, 1002]
    trained = [load_checkpoint(path) for path in run.path.glob("candidates/*/model.safetensors")]
    assert {one.about["seed"] for one in trained} == {1000}
    written = json.loads(run.best_file.read_text())
    assert Best.from_json(written) == best
    # Where classes are learned nothing is written of what numbers need.
    assert not {"task", "target"} & (run.config().keys() | written.keys())
    columns = ["trial", "architecture", "params", "flops", "aucs", "worse"]
    assert all(list(one) == columns for one in written["finals"]["finalists"])
    assert "scores" not in run.candidates_file.read_text().partition("\n")[0]
    said = capsys.readouterr().out
    (won,) = [one for one in best.finals.finalists if one.trial == best.winner.number]
    assert f"best: validation AUC {np.mean(won.aucs):.4f} (finals; funnel" in said
    assert "finals, 2 epochs and 2 seeds: trial" in said
    assert f"→ {best.winner.number}" in said
    # Who is trained next is the one that the finals recommend.
    winners = Winners.from_run(run.path, 1, None, None)
    assert str(winners.architectures[0]) == best.winner.architecture

    kept = {path: path.stat().st_mtime_ns for path in run.finals.glob("*.json")}
    assert len(kept) == 4
    search(resumed(run.path, finalists=3))
    now = {path: path.stat().st_mtime_ns for path in run.finals.glob("*.json")}
    assert len(now) == 6
    assert {path: now[path] for path in kept} == kept
    with run.candidates_file.open() as file:
        assert len(list(csv.DictReader(file))) == 3
    more = RunDirectory.open(run.path).best().finals
    assert more is not None
    assert len(more.finalists) == 3

    next(run.finals.glob("*.npy")).unlink()  # it is trained again, and no other
    search(resumed(run.path, finalists=3))
    again = {path: path.stat().st_mtime_ns for path in run.finals.glob("*.json")}
    assert sum(again[path] != now[path] for path in now) == 1
    next(run.finals.glob("*.npy")).write_bytes(b"cut")
    with pytest.raises(UserError, match=r"npy .*: remove it, and its network is trained again"):
        search(resumed(run.path, finalists=3))


def test_where_every_finalist_goes_astray(data: Path, tmp_path: Path) -> None:
    settings = SearchSettings(
        data=data,
        fidelity="scratch",
        epochs=1,
        trials=1,
        batch_size=16,
        workers=1,
        run=tmp_path / "run",
    )
    search(settings)
    lost = replace(resumed(tmp_path / "run", finalists=1), learning_rate=1e30)
    with pytest.raises(UserError, match="every finalist went astray: give a lower --learning-rate"):
        search(lost)


def test_searches_share_no_seed_with_each_other_nor_with_what_reports() -> None:
    seeds = [SearchSettings(seed=seed).training_seed for seed in range(3)]
    assert seeds == [1000, 2000, 3000]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"finalists": -1}, "--finalists -1 cannot be used: give 0 to 16"),
        ({"final_epochs": 0}, "--final-epochs 0 cannot be used: give 1 or more"),
        ({"final_seeds": 0}, "--final-seeds 0 cannot be used: give 1 or more"),
    ],
)
def test_mistakes(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        SearchSettings(**changes)
