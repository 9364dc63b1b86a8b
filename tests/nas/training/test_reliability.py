"""What reliability diagrams show."""

import numpy as np
import pytest

from nas.training.reliability import Reliability


def test_bins_tell_how_often_what_was_said_is_right() -> None:
    # Ten images with a confidence of .81, eight of which are right, and thirty that are certain.
    labels = np.array([0] * 8 + [1] * 2 + [1] * 30)
    first = np.array([0.81] * 10 + [0.0] * 30)
    told = Reliability.of(labels, np.stack([first, 1 - first], axis=1))
    filled = np.flatnonzero(told.share)
    assert filled.tolist() == [12, 14]  # .81 is in the bin from .8 to .867
    np.testing.assert_allclose(told.share[filled], [0.25, 0.75])
    np.testing.assert_allclose(told.confidence[filled], [0.81, 1.0])
    np.testing.assert_allclose(told.accuracy[filled], [0.8, 1.0])
    assert np.isnan(np.delete(told.accuracy, filled)).all()
    assert told.error == pytest.approx(0.25 * 0.01)
