"""The parts of the samplers against plain definitions."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from nas.samplers.encoding import Encoding
from nas.samplers.policy import Policy
from nas.samplers.predictor import Predictor
from nas.samplers.ranking import (
    best_first,
    crowding,
    expected_gain,
    non_dominated,
    normal_scores,
    ranks,
)
from nas.samplers.space import StudySpace, point
from nas.samplers.values import cell_of, cells, from_unit, perturb, to_unit
from tests.nas.samplers.studies import categories, conditional_space, contains, floats, integers

DISCRETE = [
    CategoricalDistribution(("a", None, 3)),
    IntDistribution(2, 14, step=3),
    FloatDistribution(0, 1, step=0.25),
]
tables = st.integers(1, 3).flatmap(
    lambda m: st.lists(st.lists(st.integers(0, 4), min_size=m, max_size=m), min_size=1, max_size=12)
)


def dominates(first: list[int], second: list[int]) -> bool:
    return all(a <= b for a, b in zip(first, second, strict=True)) and first != second


@given(table=tables)
def test_the_front_is_what_nobody_dominates(table: list[list[int]]) -> None:
    expected = [
        i for i, row in enumerate(table) if not any(dominates(other, row) for other in table)
    ]
    assert non_dominated(np.array(table)).tolist() == expected


@given(table=tables)
def test_better_fronts_come_first(table: list[list[int]]) -> None:
    order = best_first(np.array(table), len(table)).tolist()
    assert sorted(order) == list(range(len(table)))
    for earlier, later in itertools.combinations(order, 2):
        assert not dominates(table[later], table[earlier])


def test_ranks_compare_standings_as_tuples_and_share_ties() -> None:
    feasible, pruned, infeasible = (0.0, 0.0, 9.0), (1.0, -5.0, 1.0), (2.0, 0.1, 0.0)
    got = ranks([(infeasible,), (feasible,), (pruned,), (feasible,)])
    assert got[:, 0].tolist() == [4.0, 1.5, 3.0, 1.5]
    scores = normal_scores(got)[:, 0]
    assert scores[1] > 0 > scores[2] > scores[0]
    assert scores.sum() == pytest.approx(0, abs=0.5)


def test_crowding_prefers_ends_and_gaps() -> None:
    front = np.array([[0, 10], [1, 9], [2, 8], [9, 1], [10, 0]])
    distance = crowding(front)
    assert np.isinf(distance[[0, 4]]).all()
    assert distance[3] > distance[1]
    assert distance[2] > distance[1]


def test_with_one_objective_the_gain_is_the_expected_improvement() -> None:
    means, deviations, best = np.array([[0.0], [0.5], [1.5]]), np.array([[1.0], [2.0], [0.1]]), 1.0
    z = (means - best) / deviations
    cdf = np.array([[0.5 * (1 + math.erf(value / math.sqrt(2)))] for value in z[:, 0]])
    improvement = (means - best) * cdf + deviations * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
    known = np.array([[-2.0], [best]])
    draws = [
        expected_gain(means, deviations, known, np.random.default_rng(seed)) for seed in range(200)
    ]
    assert np.mean(draws, axis=0) == pytest.approx(improvement[:, 0], rel=0.05)


def test_the_gain_of_a_point_is_the_area_it_adds() -> None:
    known = np.array([[0.0, 0.0], [3.0, 1.0], [1.0, 3.0]])
    candidates = np.array([[2.0, 2.0], [4.0, 1.0], [1.0, 1.0]])
    sure = np.zeros_like(candidates)
    gains = np.mean(
        [expected_gain(candidates, sure, known, np.random.default_rng(s)) for s in range(100)],
        axis=0,
    )
    assert gains[2] == 0
    assert gains[0] / gains[1] == pytest.approx(1.0, rel=0.1)  # each adds one unit of area


def test_the_predictor_learns_what_it_is_shown() -> None:
    rng = np.random.default_rng(0)
    space = conditional_space()
    encoding = Encoding(space)
    rows = np.array([encoding.row(architecture) for architecture in space])
    truth = rows @ rng.standard_normal(rows.shape[1])
    seen = np.arange(len(rows)) % 3 > 0
    predictor = Predictor(rows[seen], truth[seen])
    mean, deviation = predictor.predict(rows)
    assert np.corrcoef(mean[~seen], truth[~seen])[0, 1] > 0.7
    assert deviation[~seen].mean() > deviation[seen].mean()
    assert predictor.smoothed == pytest.approx(mean[seen], abs=1e-6)


def test_distance_counts_the_genes_that_differ() -> None:
    space = StudySpace({name: CategoricalDistribution(("x", "y", "z")) for name in "abc"}, {})
    first, second = (
        Encoding(space).row(point(dict(zip("abc", text, strict=True)))) for text in ("xyz", "xzx")
    )
    assert ((first - second) ** 2).sum() == pytest.approx(2)


@given(distribution=st.one_of(categories, integers, floats), unit=st.floats(0, 1))
def test_every_value_stands_where_it_came_from(distribution: BaseDistribution, unit: float) -> None:
    value = from_unit(distribution, unit)
    assert contains(distribution, value)
    again = from_unit(distribution, to_unit(distribution, value))
    assert again == value or again == pytest.approx(value)
    assert 0 <= cell_of(distribution, value) < cells(distribution)


@pytest.mark.parametrize("distribution", DISCRETE, ids=str)
def test_few_values_have_a_cell_each(distribution: BaseDistribution) -> None:
    count = cells(distribution)
    values = [from_unit(distribution, (cell + 0.5) / count) for cell in range(count)]
    assert [cell_of(distribution, value) for value in values] == list(range(count))


def test_a_category_mutates_into_any_other_and_a_number_into_those_nearby() -> None:
    rng = np.random.default_rng(0)
    assert {perturb(CategoricalDistribution(("a", None, 3)), None, rng) for _ in range(200)} == {
        "a",
        3,
    }
    number = IntDistribution(0, 100, step=2)
    mutants = [perturb(number, 90, rng) for _ in range(500)]
    assert 90 not in mutants
    assert np.median(mutants) == pytest.approx(84, abs=8)
    assert {80, 88, 92, 100} <= set(mutants)


def test_the_policy_follows_the_reward_on_active_genes_only() -> None:
    policy = Policy.even(np.array([[True, True, True], [True, True, False]]))
    for _ in range(60):
        policy = policy.reinforce(np.array([2, -1]), 1.0, learning_rate=0.05, entropy=0.0)
    probabilities = policy.probabilities()
    assert probabilities[0, 2] > 0.8
    assert probabilities[1].tolist() == [0.5, 0.5, 0.0]


def test_entropy_keeps_the_policy_open() -> None:
    policies = []
    for entropy in (0.0, 1.0):
        policy = Policy.even(np.ones((1, 3), bool))
        for _ in range(200):
            policy = policy.reinforce(np.array([0]), 0.3, learning_rate=0.05, entropy=entropy)
        policies.append(policy.probabilities()[0, 0])
    assert policies[0] > 0.95 > 0.8 > policies[1]


def test_the_gradient_is_that_of_log_probability_and_entropy() -> None:
    """Adam's first step has the sign of the gradient, which finite differences tell as well."""
    rng = np.random.default_rng(1)
    logits, chosen, advantage, entropy, h = rng.standard_normal((1, 4)), 2, 0.7, 0.5, 1e-6
    start = Policy.even(np.ones((1, 4), bool))
    start = Policy(start.valid, logits, start.first, start.second, start.steps)

    def objective(values: np.ndarray) -> float:
        p = np.exp(values) / np.exp(values).sum()
        return advantage * float(np.log(p[0, chosen])) - entropy * float((p * np.log(p)).sum())

    slopes = [
        (objective(logits + h * e) - objective(logits - h * e)) / (2 * h)
        for e in np.eye(4)[:, None]
    ]
    moved = start.reinforce(np.array([chosen]), advantage, learning_rate=1.0, entropy=entropy)
    assert np.sign(moved.logits - logits)[0].tolist() == np.sign(slopes).tolist()
    assert moved.first[0] == pytest.approx(0.1 * np.array(slopes), rel=1e-4)
