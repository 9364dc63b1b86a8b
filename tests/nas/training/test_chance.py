"""Networks that guess are told from those that have learned something."""

import numpy as np
import pytest

from nas.training.chance import highest_guess, warn_of_chance
from nas.training.metrics import score

LABELS = np.arange(90) % 3
CLASSES = ("a", "b", "c")


def guess(rng: np.random.Generator) -> float:
    return score(rng.dirichlet(np.ones(3), len(LABELS)), LABELS, CLASSES).auc


@pytest.mark.parametrize("guesses", [1, 10])
def test_guesses_pass_once_in_twenty_times_at_most(guesses: int) -> None:
    rng = np.random.default_rng(0)
    best = [max(guess(rng) for _ in range(guesses)) for _ in range(200)]
    limit = highest_guess(LABELS, 3, guesses)
    assert np.mean(np.array(best) > limit) <= 0.06
    assert limit < 0.5 + 3 * (np.quantile(best, 0.95) - 0.5)  # no network would be above it


def test_a_warning_names_what_is_not_above_chance(capsys: pytest.CaptureFixture[str]) -> None:
    warn_of_chance("the test AUC", 0.51, LABELS, 3)
    said = capsys.readouterr().err
    assert said.startswith("warning: the test AUC 0.510 is not above chance (0.5): on 90 images")
    warn_of_chance("the test AUC", 0.9, LABELS, 3)
    assert capsys.readouterr().err == ""
