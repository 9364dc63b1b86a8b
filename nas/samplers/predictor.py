"""A cheap predictor of what an architecture would reach, fitted on the history."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from nas.samplers.arrays import Array

_LENGTHS = (1.0, 2.0, 4.0, 8.0, 16.0)
_NOISES = (0.01, 0.03, 0.1, 0.3, 1.0)
_SUBSET = 100
"""Number of rows that decide between lengths and noises; the winner gets all rows."""


class Predictor:
    """A Gaussian process whose kernel falls exponentially with the number of genes that differ.

    The covariance of two architectures at the squared distance d² is exp(−d² / length), plus noise
    on the diagonal (Rasmussen and Williams 2006, algorithm 2.1). Length and noise are those of a
    small grid with the largest marginal likelihood, the variance being profiled out. On small
    spaces of choices it beats ensembles of trees and costs less.

    Args:
        rows: Encoded architectures, shape (architectures, columns).
        scores: Scores that the architectures reached, shape (architectures,).
    """

    def __init__(self, rows: Array, scores: Array) -> None:
        self._rows, self._offset = rows, scores.mean()
        distances, residuals = _distances(rows, rows), scores - self._offset
        some = slice(None, None, -(-len(rows) // _SUBSET))

        def likelihood(setting: tuple[float, float]) -> float:
            return _solve(distances[some, some], residuals[some], *setting).likelihood

        self._length, noise = max(product(_LENGTHS, _NOISES), key=likelihood)
        self._solution = _solve(distances, residuals, self._length, noise)
        self.smoothed = scores - noise * self._solution.weights
        """Predicted means of the rows themselves, shape (architectures,)."""

    def predict(self, rows: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of each row's score without noise, shapes (rows,)."""
        covariance = np.exp(-_distances(self._rows, rows) / self._length)
        explained = solve_triangular(
            self._solution.root, covariance, lower=True, check_finite=False
        )
        variance = self._solution.variance * np.maximum(1.0 - (explained**2).sum(axis=0), 0.0)
        return self._offset + self._solution.weights @ covariance, np.sqrt(variance)


@dataclass(frozen=True)
class _Solution:
    root: Array
    weights: Array
    variance: float
    likelihood: float


def _solve(distances: Array, residuals: Array, length: float, noise: float) -> _Solution:
    covariance = np.exp(-distances / length)
    covariance.flat[:: len(residuals) + 1] += noise
    root = cholesky(covariance, lower=True, check_finite=False)
    weights = cho_solve((root, True), residuals, check_finite=False)
    variance = max(residuals @ weights / len(residuals), np.finfo(float).tiny)
    likelihood = -0.5 * len(residuals) * np.log(variance) - np.log(root.diagonal()).sum()
    return _Solution(root, weights, variance, likelihood)


def _distances(first: Array, second: Array) -> Array:
    """Return the squared Euclidean distances, shape (first rows, second rows)."""
    squares = (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1)
    return np.asarray(np.maximum(squares - 2.0 * first @ second.T, 0.0))
