"""Correlations of rankings and their intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import kendalltau, spearmanr

from nas.fidelity.ranking import estimate, kendall, spearman, top_half

SCORES = st.lists(st.integers(0, 50), min_size=3, max_size=12, unique=True)


@given(SCORES)
def test_an_order_agrees_with_itself_and_not_with_its_reverse(values: list[int]) -> None:
    scores = np.array(values, dtype=float)
    for correlation in (kendall, spearman):
        assert correlation(scores, np.exp(scores / 10)) == pytest.approx(1)
        assert correlation(scores, -scores) == pytest.approx(-1)


def test_kendall_counts_pairs() -> None:
    # Of six pairs, one is the other way round.
    assert kendall(np.array([1.0, 2, 3, 4]), np.array([1.0, 2, 4, 3])) == pytest.approx(4 / 6)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=12))
def test_ties_count_as_in_scipy(pairs: list[tuple[int, int]]) -> None:
    a, b = np.array(pairs, dtype=float).T
    if np.ptp(a) and np.ptp(b):
        assert kendall(a, b) == pytest.approx(kendalltau(a, b).statistic)
        assert spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)


def test_a_constant_list_ranks_nothing() -> None:
    assert kendall(np.ones(4), np.arange(4.0)) == spearman(np.ones(4), np.arange(4.0)) == 0


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """95 % of the intervals of means of normal draws should hold 0.

    They are a little short with 30 draws.
    """
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        interval = estimate(lambda values: float(values.mean()), rng.normal(size=30))
        assert interval.low <= interval.value <= interval.high
        held += interval.low <= 0 <= interval.high
    assert 50 <= held <= 60


def test_the_better_half() -> None:
    assert sorted(top_half(np.array([0.1, 0.9, 0.5, 0.7, 0.2]))) == [1, 2, 3]
