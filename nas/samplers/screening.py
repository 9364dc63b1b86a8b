"""The choice among candidates by a cheap predictor of what they would reach."""

from collections.abc import Hashable, Sequence

import numpy as np

from nas.samplers.arrays import Array
from nas.samplers.encoding import Encoding
from nas.samplers.history import History, Record
from nas.samplers.predictor import Predictor
from nas.samplers.ranking import best_first, expected_gain, normal_scores, ranks
from nas.samplers.space import Space

WARMUP = 10
"""Number of trials without which a predictor knows nothing."""
_MEMORY = 400
"""Number of trials on which the predictor is fitted: the best half and the latest half."""


class Screening:
    """Puts the most promising of some candidates first.

    A predictor is fitted on the ranks of the trials. Trials that were stopped early have ranks too,
    below those that went on: it learns from all fidelities.
    """

    def __init__(self) -> None:
        self._encoded: tuple[Encoding, dict[Record, Array]] | None = None

    def order(
        self,
        history: History,
        rank: Array,
        candidates: Sequence[Hashable],
        rng: np.random.Generator,
    ) -> list[Hashable]:
        """Return the candidates, the most promising first.

        Args:
            history: Trials on which the predictor is fitted.
            rank: Ranks of the evaluated ones among them, shape (trials, objectives).
            candidates: Architectures in canonical form, at least one.
            rng: Generator of the draws that tell what a candidate may turn out to be.
        """
        recent = np.arange(len(rank))[-_MEMORY // 2 :]
        kept = [history.evaluated[i] for i in np.union1d(best_first(rank, _MEMORY // 2), recent)]
        rows, encoded = self._encode(history.space, kept, candidates)
        scores = normal_scores(ranks([record.standing for record in kept]))
        predictors = [Predictor(rows, column) for column in scores.T]
        predicted = np.array([predictor.predict(encoded) for predictor in predictors])
        means, deviations = predicted[:, 0].T, predicted[:, 1].T
        known = np.stack([predictor.smoothed for predictor in predictors], axis=1)
        gain = expected_gain(means, deviations, known, rng)
        # Where no draw promises a gain, the predicted mean decides.
        return [candidates[i] for i in np.lexsort((-means.sum(axis=1), -gain))]

    def _encode(
        self, space: Space, kept: Sequence[Record], candidates: Sequence[Hashable]
    ) -> tuple[Array, Array]:
        """Return rows of the trials and rows of the candidates.

        A trial is encoded once in its life, as long as the space stays the same.
        """
        encoding, rows = self._encoded or (Encoding(space), {})
        if encoding.distributions != space.distributions():
            encoding, rows = Encoding(space), {}
        self._encoded = encoding, rows
        for record in kept:
            if record not in rows:
                rows[record] = encoding.row(record.architecture)
        return np.stack([rows[record] for record in kept]), np.stack(
            [encoding.row(candidate) for candidate in candidates]
        )
