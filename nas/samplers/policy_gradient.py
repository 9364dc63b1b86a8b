"""The RL controller: a policy over genes, trained by policy gradient on the study's history."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from nas.samplers.base import HistorySampler
from nas.samplers.history import History, Record
from nas.samplers.policy import MovingAverage, Policy
from nas.samplers.space import Space
from nas.samplers.values import cell_of, cells, from_unit

Array = np.ndarray[Any, Any]

_PATIENCE = 20
"""Draws in a row that may be old before the policy is made more adventurous for this trial."""
_DRAWS = 200
"""How many draws are tried in all."""
_WORSE = -1.0
"""Advantage of architectures that break a constraint or were pruned: a spread below the usual
reward."""


@dataclass(frozen=True)
class _Learned:
    """What was learned from the first trials of a history."""

    distributions: Mapping[str, BaseDistribution]
    seen: Sequence[Record]
    policy: Policy
    baseline: MovingAverage


class PolicyGradientSampler(HistorySampler):
    """A factorised softmax policy trained by REINFORCE (Zoph and Le 2017; independent logits
    instead of an LSTM).

    Every finished trial is one gradient step, in the order of completion, always on the current
    policy even where an older one or a user had proposed the trial. So the policy is a function of
    the history. Ranges of numbers are cut into cells, and a number is drawn within its cell. With
    several objectives the advantage is their mean: the policy settles on one compromise, and a
    front is better left to evolution.

    Args:
        seed: with the number of a trial it makes the trial's random numbers.
        space: space knowledge: which genes are active, and which architectures are the same.
        learning_rate: Adam's, on the logits.
        entropy: weight of the entropy bonus, which keeps the policy from settling early.
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        space: Space | None = None,
        learning_rate: float = 0.05,
        entropy: float = 0.01,
    ) -> None:
        super().__init__(seed, space)
        self._learning_rate = learning_rate
        self._entropy = entropy
        self._learned: _Learned | None = None

    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Draws from the policy, from ever flatter ones as long as they bring nothing new."""
        distributions = list(history.space.distributions().items())
        policy = self._policy(history)
        counts = policy.valid.sum(axis=1)
        for n in range(_DRAWS):
            if n % _PATIENCE == 0:
                thresholds = policy.probabilities(temperature=1 + n / _PATIENCE).cumsum(axis=1)
            # The last threshold is 1 but for rounding, so a row's own last choice ends it.
            chosen = np.minimum(
                (rng.random((len(counts), 1)) >= thresholds).sum(axis=1), counts - 1
            )
            units = (chosen + rng.random(len(counts))) / counts
            pairs = zip(distributions, units, strict=True)
            yield history.space.from_params(
                {name: from_unit(genes, unit) for (name, genes), unit in pairs}
            )

    def _policy(self, history: History) -> Policy:
        """The policy after all trials; what was learned at earlier asks spares only steps that
        would be the same.
        """
        learned, space = self._learned, history.space
        same = learned is not None and learned.distributions == space.distributions()
        if learned is None or not same or learned.seen != history.evaluated[: len(learned.seen)]:
            learned = _nothing(history)
        policy, baseline = learned.policy, learned.baseline
        for record in history.evaluated[len(learned.seen) :]:
            advantage, baseline = _judge(record, baseline)
            chosen = _chosen(space, record)
            policy = policy.reinforce(chosen, advantage, self._learning_rate, self._entropy)
        self._learned = _Learned(space.distributions(), history.evaluated, policy, baseline)
        return policy


def _nothing(history: History) -> _Learned:
    distributions = history.space.distributions()
    counts = np.array([cells(distribution) for distribution in distributions.values()])
    objectives = np.zeros(len(history.evaluated[0].standing)) if history.evaluated else np.zeros(1)
    even = Policy.even(np.arange(counts.max()) < counts[:, None])
    return _Learned(distributions, [], even, MovingAverage(objectives, objectives))


def _judge(record: Record, baseline: MovingAverage) -> tuple[float, MovingAverage]:
    """The advantage of a trial, and the baseline after it, to which only ordinary rewards
    belong.
    """
    if record.standing[0][0] > 0:
        return _WORSE, baseline
    rewards = -np.array([loss for _, _, loss in record.standing])
    return baseline.advantage(rewards), baseline.after(rewards) if np.isfinite(
        rewards
    ).all() else baseline


def _chosen(space: Space, record: Record) -> Array:
    """The index of every gene's choice, -1 where the gene is inactive."""
    params, active = (
        space.to_params(record.architecture),
        set(space.active_genes(record.architecture)),
    )
    return np.array(
        [
            cell_of(distribution, params[name]) if name in active else -1
            for name, distribution in space.distributions().items()
        ]
    )
