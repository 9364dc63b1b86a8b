"""The simplest thing that learns: a ridge regression on genes, as a strategy of its own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeCV

from nas.samplers.base import HistorySampler
from nas.samplers.encoding import Encoding
from nas.samplers.history import History
from nas.samplers.ranking import normal_scores, ranks
from nas.samplers.screening import WARMUP
from nas.samplers.space import Space

_DRAWS = 500
"""Random architectures of which the one that is predicted best is proposed."""
_PENALTIES = np.logspace(-3, 3, 13)


class RidgeSampler(HistorySampler):
    """Propose what a linear model of the genes, fitted on the trials so far, likes best.

    The first trials are random. The model sees ranks, among them those of trials that were stopped
    early, as the predictor of :class:`~nas.samplers.EvolutionSampler` does.

    Args:
        seed: Seed that makes a trial's random numbers, together with the trial's number.
        space: Space knowledge; None where the study's trials imply the space.
    """

    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Yield random architectures, those first that the model likes best."""
        drawn = [history.space.sample(rng) for _ in range(_DRAWS)]
        if len(history.evaluated) >= WARMUP:
            encoding = Encoding(history.space)
            standings = [record.standing for record in history.evaluated]
            known = np.stack([encoding.row(record.architecture) for record in history.evaluated])
            model = RidgeCV(_PENALTIES).fit(known, normal_scores(ranks(standings))[:, 0])
            told = model.predict(np.stack([encoding.row(one) for one in drawn]))
            drawn = [drawn[i] for i in np.argsort(-told, kind="stable")]
        yield from drawn


def make_ridge(seed: int, space: Space | None) -> RidgeSampler:
    """Return a new sampler, as strategies of plug-ins do."""
    return RidgeSampler(seed, space)
