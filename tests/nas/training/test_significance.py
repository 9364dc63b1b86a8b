"""p-values are as often small as they should be, and corrected for their number."""

import numpy as np
import pytest
from scipy import stats

from nas.training.bootstrap import Bootstrap
from nas.training.significance import holm, p_of_difference


def test_p_values_of_networks_that_are_equally_good_are_uniform() -> None:
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 60)
    bootstrap = Bootstrap(labels, 2, resamples=300)
    told = []
    for _ in range(200):
        networks = []
        for _ in range(2):
            second = stats.norm.cdf(labels + rng.standard_normal(len(labels)))
            networks.append([np.stack([1 - second, second], axis=1)])
        ours, theirs = networks
        told.append(
            p_of_difference(
                bootstrap.auc(ours) - bootstrap.auc(theirs),
                bootstrap.aucs(ours) - bootstrap.aucs(theirs),
            )
        )
    assert stats.kstest(told, "uniform").pvalue > 0.01


def test_a_p_value_can_be_smaller_than_one_of_all_resamples() -> None:
    resampled = 0.01 + 0.001 * np.random.default_rng(0).standard_normal(2000)
    assert p_of_difference(0.01, resampled) < 1e-15
    assert p_of_difference(0.0, np.zeros(10)) == 1.0
    assert p_of_difference(0.1, np.full(10, 0.1)) == 0.0


def test_holm_never_makes_a_p_value_smaller_and_keeps_their_order() -> None:
    corrected = holm({"a": 0.04, "b": 0.001, "c": 0.02})
    assert corrected == pytest.approx({"a": 0.04, "b": 0.003, "c": 0.04})
    assert holm({"a": 0.9, "b": 0.8}) == {"a": 1.0, "b": 1.0}
