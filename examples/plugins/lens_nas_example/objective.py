"""An objective: Brier's score, the mean squared error of the class probabilities."""

import numpy as np

from nas.api import register_objective


def brier(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Return the score of labels (N,) and class probabilities (N, K); 0 is best."""
    truth = np.eye(probabilities.shape[1])[labels]
    return float(((probabilities - truth) ** 2).sum(axis=1).mean())


register_objective("brier", brier, direction="minimize")
