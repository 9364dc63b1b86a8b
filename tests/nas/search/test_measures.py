"""Objectives beside the AUC and the costs: how they are measured, and where they are kept."""

from pathlib import Path

import numpy as np
import pytest

from nas.common.errors import UserError
from nas.search.measures import directions, measured, register_objective
from nas.search.objectives import objective, pareto
from nas.search.options import OBJECTIVES
from nas.search.result import Candidate
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings
from nas.training.metrics import NonFiniteError

LABELS = np.array([0, 0, 0, 1, 1, 2])
SURE = np.eye(3)[[0, 0, 1, 1, 1, 2]]


def candidate(number: int, auc: float, **scores: float) -> Candidate:
    return Candidate(
        number=number,
        state="complete",
        architecture=f"space/gene={number}",
        params=5,
        flops=6,
        auc=auc,
        scores=scores,
    )


def test_macro_f1_is_the_mean_over_classes() -> None:
    values = measured(("auc", "params", "macro_f1"), LABELS, SURE)
    # Precision and recall: 1 and 2/3, 2/3 and 1, 1 and 1.
    assert values == {"macro_f1": pytest.approx((0.8 + 0.8 + 1) / 3)}


def test_calibration_errs_where_confidence_and_accuracy_differ() -> None:
    assert measured(("ece",), LABELS, SURE)["ece"] == pytest.approx(1 / 6)
    # Ten images with a confidence of .8, eight of which are right, and ten with .6, three right.
    labels = np.array([0] * 8 + [1] * 2 + [0] * 3 + [1] * 7)
    confidence = np.array([0.8] * 10 + [0.6] * 10)
    probabilities = np.stack([confidence, 1 - confidence], axis=1)
    assert measured(("ece",), labels, probabilities)["ece"] == pytest.approx(0.5 * 0.3)


def test_an_objective_of_ones_own_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OBJECTIVES, "added", {})
    register_objective("doubt", lambda labels, given: float(1 - given.max()), "minimize")
    assert directions(("auc", "doubt", "ece")) == ["maximize", "minimize", "minimize"]
    assert measured(("doubt",), LABELS, SURE * 0.75) == {"doubt": 0.25}
    assert SearchSettings(objectives=("auc", "doubt")).objectives == ("auc", "doubt")
    register_objective("broken", lambda labels, given: float("nan"))
    with pytest.raises(NonFiniteError, match="the objective broken is nan"):
        measured(("broken",), LABELS, SURE)
    with pytest.raises(UserError, match="the direction 'up' cannot be used"):
        register_objective("other", lambda labels, given: 1.0, "up")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="the objective 'auc' exists already"):
        register_objective("auc", lambda labels, given: 1.0)


def test_the_front_knows_further_objectives() -> None:
    found = [candidate(0, 0.9, ece=0.2), candidate(1, 0.8, ece=0.1), candidate(2, 0.7, ece=0.3)]
    assert [item.number for item in pareto(found, ("auc", "ece"))] == [0, 1]
    assert objective(found[1], "ece") == 0.1


def test_tables_keep_further_objectives(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    found = [candidate(0, 0.9, ece=0.2, macro_f1=0.5), candidate(1, 0.8)]
    run.write_candidates(found)
    assert "scores.ece,scores.macro_f1" in run.candidates_file.read_text().splitlines()[0]
    assert run.candidates() == found
