"""Ray Tune evaluates candidates in parallel on reused actors, and goes on where one fails."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import ray
import ray.cloudpickle

from nas.cluster.connection import Hands, cluster
from nas.search.evaluation import evaluate_all
from tests.nas.search import scorings
from tests.nas.search.scorings import Pretended
from tests.nas.search.studies import study


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    ray.cloudpickle.register_pickle_by_value(scorings)
    with cluster(None, 2):
        yield


def test_candidates_run_side_by_side_on_reused_actors(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    searched = study(tmp_path / "study.db", 12)
    # The first two candidates wait for each other, so the search ends only if two run at a time.
    evaluate_all(searched, Pretended(together=2, notes=notes), Hands(2, 1, 0.0))
    assert searched.done
    assert searched.finished == 12
    evaluations = [(notes / str(number)).read_text().split() for number in range(12)]
    assert all(len(evaluation) == 1 for evaluation in evaluations)
    # Twelve processes would mean that no actor was used again.
    assert len({evaluation[0] for evaluation in evaluations}) <= 3


def test_whatever_happens_to_a_candidate_the_search_goes_on(tmp_path: Path) -> None:
    searched = study(tmp_path / "study.db", 9)
    trouble = {1: "raise", 3: "memory", 5: "die", 7: "no number"}
    evaluate_all(searched, Pretended(trouble), Hands(2, 1, 0.0))
    assert searched.stopped is None
    found = searched.candidates()
    assert [item.state for item in found] == [
        "failed" if item.number in trouble else "complete" for item in found
    ]
    assert found[1].reason == "RuntimeError: the kernel is cross"
    assert "memory" in found[3].reason
    assert (
        found[5].reason == "its worker process died: it crashed, was killed, or ran out of memory"
    )
    assert found[7].reason == "the class scores of 4 of 4 images are not numbers"


def test_a_search_whose_candidates_fail_stops(tmp_path: Path) -> None:
    searched = study(tmp_path / "study.db", 40)
    evaluate_all(searched, Pretended(dict.fromkeys(range(40), "raise")), Hands(2, 1, 0.0))
    assert searched.stopped is not None
    assert searched.stopped.startswith(
        "6 of the first 6 candidates failed, the last one because RuntimeError"
    )
    assert len(searched.candidates()) <= 8


@pytest.mark.parametrize("falling", [False, True])
def test_poor_candidates_are_stopped_early(tmp_path: Path, falling: bool) -> None:
    searched = study(tmp_path / "study.db", 6, first_rung=1)
    evaluate_all(searched, Pretended(epochs=4, falling=falling), Hands(1, 1, 0.0))
    others = "stopped" if falling else "complete"
    assert [item.state for item in searched.candidates()] == ["complete"] + [others] * 5
