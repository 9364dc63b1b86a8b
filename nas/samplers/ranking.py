"""Orders of trials: ranks, normal scores, non-dominated sorting and crowding."""

from collections.abc import Sequence
from itertools import chain

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from nas.samplers.arrays import Array

_DIRECTIONS = 256
"""Number of random directions in which the gain is averaged."""


def ranks(standings: Sequence[tuple[tuple[float, float, float], ...]]) -> Array:
    """Return the rank of every trial in every objective; the best has rank 1.

    Equal trials share the mean of their ranks.

    Args:
        standings: One tuple for each trial and objective; tuples compare as Python's do, and lower
            is better.

    Returns:
        The ranks, counted from 1, shape (trials, objectives).
    """
    flat = chain.from_iterable(chain.from_iterable(standings))
    table = np.fromiter(flat, float).reshape(len(standings), -1, 3)
    return np.stack([_ranks(table[:, objective]) for objective in range(table.shape[1])], axis=1)


def _ranks(keys: Array) -> Array:
    order = np.lexsort(keys.T[::-1])
    steps = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    places = np.empty(len(keys))
    places[order] = np.concatenate([[0], np.cumsum(steps)])
    return np.asarray(rankdata(places))


def normal_scores(ranks: Array) -> Array:
    """Return ranks as quantiles of the normal distribution, the best rank highest.

    Such scores are blind to the objective's unit and deaf to outliers.
    """
    return np.asarray(-ndtri((ranks - 0.5) / len(ranks)))


def best_first(ranks: Array, n: int) -> Array:
    """Return the indices of the ``n`` best trials, the best first.

    With several objectives front comes after front, and within a front the least crowded come first
    (Deb et al. 2002, NSGA-II).
    """
    if ranks.shape[1] == 1:
        return np.argsort(ranks[:, 0], kind="stable")[:n]
    chosen: list[int] = []
    left = np.arange(len(ranks))
    while len(left) and len(chosen) < n:
        front = non_dominated(ranks[left])
        members = left[front]
        chosen += members[np.argsort(-crowding(ranks[members]), kind="stable")].tolist()
        left = np.delete(left, front)
    return np.array(chosen[:n], int)


def non_dominated(ranks: Array) -> Array:
    """Return the indices of the trials that no other dominates."""
    front: list[int] = []
    # By their sums no trial is dominated by one that comes after it.
    left = np.argsort(ranks.sum(axis=1), kind="stable")
    while len(left):
        first, left = left[0], left[1:]
        front.append(first)
        left = left[
            (ranks[left] < ranks[first]).any(axis=1) | (ranks[left] == ranks[first]).all(axis=1)
        ]
    return np.array(sorted(front), int)


def crowding(ranks: Array) -> Array:
    """Return the crowding distance of each member of a front.

    It is infinite at both ends of an objective.
    """
    distance = np.zeros(len(ranks))
    for column in ranks.T:
        order = np.argsort(column, kind="stable")
        gaps = np.full(len(ranks), np.inf)
        gaps[1:-1] = column[order[2:]] - column[order[:-2]]
        distance[order] += gaps
    return distance


def expected_gain(means: Array, deviations: Array, known: Array, rng: np.random.Generator) -> Array:
    """Return by how much each candidate should raise the known hypervolume, up to a factor.

    A hypervolume is the mean of scalarisations in random directions (Zhang and Golovin 2020, arXiv
    2006.04655, lemma 5). Each direction comes with a draw of what the candidates may turn out to
    be. With one objective this is the expected improvement.

    Args:
        means: Predicted scores of the candidates, higher is better, shape (candidates, objectives).
        deviations: Standard deviations of the predicted scores, shape (candidates, objectives).
        known: Predicted scores of what was evaluated, shape (trials, objectives); the worst of each
            objective is the reference point.
        rng: Generator of the directions and draws.

    Returns:
        The expected gains, shape (candidates,).
    """
    reference, objectives = known.min(axis=0), known.shape[1]
    directions = np.abs(rng.standard_normal((_DIRECTIONS, objectives)))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)

    def scalarise(points: Array) -> Array:
        return np.asarray(
            np.maximum(((points - reference) / directions).min(axis=2), 0.0) ** objectives
        )

    draws = means[:, None] + deviations[:, None] * rng.standard_normal((_DIRECTIONS, objectives))
    front = known[non_dominated(-known)]
    return np.asarray(
        np.maximum(scalarise(draws) - scalarise(front[:, None]).max(axis=0), 0.0).mean(axis=1)
    )
