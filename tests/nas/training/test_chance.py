"""Networks that guess are told from those that have learned something."""

import numpy as np
import pytest

from nas.training.bootstrap import Bootstrap, auc_interval
from nas.training.chance import highest_guess, rough_interval, warn_of_chance
from nas.training.metrics import score

LABELS = np.arange(90) % 3
CLASSES = ("a", "b", "c")


def guess(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return the AUCs of networks that guess, all at once, for one by one takes a minute."""
    guesses = np.random.default_rng(0).dirichlet(np.ones(3), (count, len(LABELS)))
    areas = []
    for label, scores in enumerate(np.moveaxis(guesses, 2, 0)):
        own = label == LABELS
        areas.append((scores[:, own, None] > scores[:, None, ~own]).mean(axis=(1, 2)))
    aucs: np.ndarray[tuple[int], np.dtype[np.float64]] = np.mean(areas, axis=0)
    assert aucs[0] == pytest.approx(score(guesses[0], LABELS, CLASSES).auc)
    return aucs


@pytest.mark.parametrize("guesses", [1, 10])
def test_guesses_pass_once_in_twenty_times_at_most(guesses: int) -> None:
    best = guess(400 * guesses).reshape(400, guesses).max(axis=1)
    limit = highest_guess(LABELS, 3, guesses)
    assert np.mean(best > limit) <= 0.06
    assert limit < 0.5 + 3 * (np.quantile(best, 0.95) - 0.5)  # no network would be above it


def test_a_warning_names_what_is_not_above_chance(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_chance("the test AUC", 0.51, LABELS, 3)
    said = capsys.readouterr().err
    assert said.startswith("warning: the test AUC 0.510 is not above chance (0.5): on 90 images")
    warn_of_chance("the test AUC", 0.9, LABELS, 3)
    assert capsys.readouterr().err == ""


def test_the_rough_interval_of_an_area_is_about_that_of_a_bootstrap() -> None:
    rng, labels = np.random.default_rng(0), np.arange(600) % 3
    logits = rng.normal(size=(600, 3))
    logits[np.arange(600), labels] += 1.5
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    auc = Bootstrap(labels, 3).auc([probabilities])
    rough, low_high = rough_interval(auc, labels, 3), auc_interval(labels, probabilities)
    assert rough[0] <= low_high[0] < auc < low_high[1] <= rough[1]
    assert rough[1] - rough[0] < 2.5 * (low_high[1] - low_high[0])


@pytest.mark.parametrize("auc", [0.0, 1.0])
def test_an_area_that_is_perfect_has_an_interval_too(auc: float) -> None:
    low, high = rough_interval(auc, np.arange(30) % 2, 2)
    assert 0 <= low < high <= 1
    assert auc in (low, high)
    assert high - low > 0.05
