"""A temperature makes probabilities as sure as they are right, and leaves their order alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from nas.training.metrics import score
from nas.training.reliability import Reliability
from nas.training.temperature import fit_temperature, scaled


def drawn(temperature: float, images: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and the probabilities of a network whose logits are so many times too large."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (images, 3))
    labels = (softmax(logits, axis=1).cumsum(axis=1) > rng.random((images, 1))).argmax(axis=1)
    return labels, softmax(logits * temperature, axis=1)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_what_logits_were_multiplied_by_is_found(temperature: float) -> None:
    labels, told = drawn(temperature)
    found = fit_temperature(labels, told)
    assert found == pytest.approx(temperature, rel=0.05)
    calibrated = scaled(told, found)
    assert Reliability.of(labels, calibrated).error < 0.02
    if temperature != 1:
        assert Reliability.of(labels, told).error > 0.05
        assert score(calibrated, labels, tuple("abc")).loss < score(told, labels, tuple("abc")).loss
    np.testing.assert_allclose(calibrated.sum(axis=1), 1)
    np.testing.assert_array_equal(np.argsort(calibrated, axis=1), np.argsort(told, axis=1))


@given(arrays(np.float32, (4, 3), elements=st.floats(-30, 30, width=32)), st.floats(1 / 20, 20))
def test_no_temperature_changes_the_order_of_classes(
    logits: np.ndarray, temperature: float
) -> None:
    told = softmax(logits, axis=1)
    calibrated = scaled(told, temperature)
    np.testing.assert_array_equal(calibrated.argmax(axis=1), told.argmax(axis=1))
    in_order = np.take_along_axis(calibrated, told.argsort(axis=1), axis=1)
    assert (np.diff(in_order, axis=1) >= 0).all()


def test_a_network_without_a_mistake_and_one_that_is_sure_of_mistakes() -> None:
    labels = np.arange(30) % 3
    assert fit_temperature(labels, 0.4 + 0 * np.eye(3)[labels]) > 0  # it says nothing at all
    right = np.full((30, 3), 0.2) + 0.4 * np.eye(3)[labels]
    assert fit_temperature(labels, right) == pytest.approx(0.05, rel=0.01)
    # The logarithm of a probability that is lost in rounding is a number all the same.
    wrong = np.eye(3)[(labels + 1) % 3]
    assert fit_temperature(labels, wrong) == pytest.approx(20, rel=0.01)
    assert np.isfinite(scaled(wrong, 20)).all()
