"""Scores agree with sklearn and with numbers worked out by hand."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from nas.common.errors import UserError
from nas.training.metrics import NonFiniteError, score

CLASSES = ("a", "b", "c")


def random_scores(classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    # Sixteenths make ties, and the subtraction for the last column leaves them as they are.
    probabilities = rng.integers(1, 6, (60, classes)) / 16
    probabilities[:, -1] = 1 - probabilities[:, :-1].sum(axis=1)
    return probabilities, rng.permutation(np.arange(60) % classes)


def test_by_hand() -> None:
    probabilities = np.array([[0.7, 0.3], [0.6, 0.4], [0.2, 0.8], [0.9, 0.1]])
    labels = np.array([0, 1, 1, 0])
    scores = score(probabilities, labels, ("a", "b"))
    # All four pairs of an image of b and one of a are in the right order.
    assert scores.auc == 1.0
    assert scores.accuracy == 0.75
    assert scores.loss == pytest.approx(-np.mean(np.log([0.7, 0.4, 0.8, 0.9])))
    # One pair of four is turned round, and a tie counts half.
    assert (
        score(np.array([[0.7, 0.3], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7]]), labels, ("a", "b")).auc
        == 0.5
    )
    assert (
        score(np.array([[0.7, 0.3], [0.7, 0.3], [0.2, 0.8], [0.9, 0.1]]), labels, ("a", "b")).auc
        == 0.875
    )


@pytest.mark.parametrize("seed", range(5))
def test_macro_one_against_rest_is_that_of_sklearn(seed: int) -> None:
    probabilities, labels = random_scores(3, seed)
    scores = score(probabilities, labels, CLASSES)
    assert scores.auc == pytest.approx(
        roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    )
    assert scores.auc == pytest.approx(np.mean(list(scores.class_auc.values())))
    assert tuple(scores.class_auc) == CLASSES


@pytest.mark.parametrize("seed", range(5))
def test_two_classes_have_the_area_of_the_binary_curve(seed: int) -> None:
    probabilities, labels = random_scores(2, seed)
    scores = score(probabilities, labels, ("a", "b"))
    assert scores.auc == pytest.approx(roc_auc_score(labels, probabilities[:, 1]))


def test_json_holds_every_number() -> None:
    probabilities, labels = random_scores(3, 0)
    scores = score(probabilities, labels, CLASSES)
    assert scores.to_json() == {
        "auc": scores.auc,
        "accuracy": scores.accuracy,
        "loss": scores.loss,
        "auc_a": scores.class_auc["a"],
        "auc_b": scores.class_auc["b"],
        "auc_c": scores.class_auc["c"],
    }


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_scores_that_are_no_numbers(value: float) -> None:
    probabilities, labels = random_scores(3, 0)
    probabilities[[3, 7], 1] = value
    with pytest.raises(NonFiniteError, match="2 of 60 images are not numbers"):
        score(probabilities, labels, CLASSES)


def test_a_class_without_images_is_named() -> None:
    probabilities, _ = random_scores(3, 0)
    with pytest.raises(UserError, match="without images of b: "):
        score(probabilities, np.arange(60) % 2 * 2, CLASSES)


def test_one_class_is_no_problem_to_learn() -> None:
    with pytest.raises(UserError, match="a second class"):
        score(np.ones((4, 1)), np.zeros(4, dtype=np.int64), ("a",))
