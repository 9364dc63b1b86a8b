"""The bootstrap against a slow direct computation, and laws that hold for all predictions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from baselines.leaderboard.comparison import compare
from nas.training.bootstrap import Bootstrap, interval_of, weighted_aucs


def drawn(
    seed: int, images: int = 30, classes: int = 3, skill: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and probabilities with ties."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(images) % classes)
    logits = rng.normal(size=(images, classes)) + skill * np.eye(classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return labels, probabilities.round(1)


def macro(labels: np.ndarray, probabilities: np.ndarray) -> float:
    return float(
        np.mean(
            [roc_auc_score(labels == k, probabilities[:, k]) for k in range(probabilities.shape[1])]
        )
    )


@given(seed=st.integers(0, 2**32 - 1), classes=st.integers(2, 4), trainings=st.integers(1, 3))
def test_the_area_of_the_images_themselves(seed: int, classes: int, trainings: int) -> None:
    labels, _ = drawn(seed, classes=classes)
    predictions = [drawn(seed + number, classes=classes)[1] for number in range(trainings)]
    expected = np.mean([macro(labels, probabilities) for probabilities in predictions])
    assert Bootstrap(labels, classes, resamples=1).auc(predictions) == pytest.approx(
        expected, abs=1e-12
    )


@given(seed=st.integers(0, 2**32 - 1), resamples=st.integers(1, 5))
def test_the_area_of_a_resample(seed: int, resamples: int) -> None:
    labels, probabilities = drawn(seed)
    rng = np.random.default_rng(seed)
    positive = labels == 0
    picked = np.stack(
        [
            np.concatenate(
                [rng.choice(np.flatnonzero(group), group.sum()) for group in (positive, ~positive)]
            )
            for _ in range(resamples)
        ]
    )
    counts = np.stack([np.bincount(row, minlength=len(labels)) for row in picked], axis=1).astype(
        np.uint8
    )
    expected = [roc_auc_score(positive[row], probabilities[row, 0]) for row in picked]
    np.testing.assert_allclose(
        weighted_aucs(probabilities[:, 0], positive, counts), expected, atol=1e-12
    )


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    labels, probabilities = drawn(0)
    whole = Bootstrap(labels, 3, resamples=50).aucs([probabilities])
    monkeypatch.setattr("nas.training.bootstrap._BLOCK", 7 * len(labels))
    np.testing.assert_array_equal(Bootstrap(labels, 3, resamples=50).aucs([probabilities]), whole)


@given(seed=st.integers(0, 2**32 - 1))
def test_a_network_against_itself(seed: int) -> None:
    labels, probabilities = drawn(seed)
    resampled = Bootstrap(labels, 3, resamples=100).aucs([probabilities])
    outcome = compare({"itself": 0.0}, {"itself": resampled - resampled})["itself"]
    assert (outcome.difference, outcome.interval, outcome.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_a_good_network_against_a_poor_one_and_the_other_way_round() -> None:
    labels, good = drawn(1, images=300, skill=3.0)
    _, poor = drawn(1, images=300, skill=0.0)
    bootstrap = Bootstrap(labels, 3)
    difference = bootstrap.auc([good]) - bootstrap.auc([poor])
    resampled = bootstrap.aucs([good]) - bootstrap.aucs([poor])
    told = compare(
        {"there": difference, "back": -difference}, {"there": resampled, "back": -resampled}
    )
    there, back = told["there"], told["back"]
    assert there.interval[0] > 0.2
    assert there.interval[0] < difference < there.interval[1]
    assert there.p_value == pytest.approx(back.p_value)
    assert there.p_value < 1e-9
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))


def test_the_interval_covers_the_truth() -> None:
    """About 95 % of small test sets have an interval that holds the AUC of a very large one."""
    labels, probabilities = drawn(0, images=60_000)
    truth = Bootstrap(labels, 3, resamples=1).auc([probabilities])
    covered = []
    for part in np.arange(60_000).reshape(200, 300):
        low, high = interval_of(
            Bootstrap(labels[part], 3, resamples=300).aucs([probabilities[part]])
        )
        covered.append(low <= truth <= high)
    assert 0.9 <= np.mean(covered) <= 0.99
