"""The RL controller, a policy over genes that is trained on the study's history."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution

from nas.samplers.arrays import Array
from nas.samplers.base import HistorySampler
from nas.samplers.history import History, Record
from nas.samplers.policy import Policy
from nas.samplers.ranking import normal_scores, ranks
from nas.samplers.screening import WARMUP, Screening
from nas.samplers.space import Space
from nas.samplers.values import cell_of, cells, from_unit

_PATIENCE = 20
"""Draws in a row that may be old before the policy is made more adventurous for one trial."""
_DRAWS = 200
"""Number of draws that are tried in all."""
_RECENT = 20
"""Number of trials before one that say what is usual."""
_SCREENED = 8
"""Number of new draws of which the critic picks the one that is evaluated."""


@dataclass(frozen=True)
class _Learned:
    """What was learned from the first trials of a history."""

    distributions: Mapping[str, BaseDistribution]
    seen: Sequence[Record]
    policy: Policy


class PolicyGradientSampler(HistorySampler):
    """A factorised softmax policy trained by REINFORCE (Zoph and Le 2017).

    Its logits are independent, where Zoph and Le have an LSTM. Every finished trial is one gradient
    step, in the order of completion, always on the current policy even where an older one or a user
    had proposed the trial. So the policy is a function of the history. Ranges of numbers are cut
    into cells, and a number is drawn within its cell. With several objectives the advantage is the
    mean of the objectives' advantages: the policy settles on one compromise, and a front is better
    left to evolution.

    Args:
        seed: Seed that makes a trial's random numbers, together with the trial's number.
        space: Space knowledge: which genes are active, and which architectures are the same. None
            where the study's trials imply the space.
        learning_rate: Adam's learning rate on the logits.
        entropy: Weight of the entropy bonus, which keeps the policy from settling early.
        critic: Whether a predictor of the history chooses among the policy's draws; without it the
            first new draw is taken, which is plain REINFORCE.

    Example:
        >>> import optuna
        >>> from nas.samplers import PolicyGradientSampler
        >>> def score(trial):
        ...     wide = trial.suggest_categorical("width", ["narrow", "wide"]) == "wide"
        ...     return wide + 0.01 * trial.suggest_int("depth", 1, 50)
        >>> study = optuna.create_study(direction="maximize", sampler=PolicyGradientSampler(seed=0))
        >>> study.optimize(score, n_trials=60)
        >>> late = [trial.params["width"] for trial in study.trials[-20:]]
        >>> late.count("wide") > late.count("narrow")
        True
    """

    def __init__(
        self,
        seed: int = 0,
        *,
        space: Space | None = None,
        learning_rate: float = 0.05,
        entropy: float = 0.01,
        critic: bool = True,
    ) -> None:
        super().__init__(seed, space)
        self._learning_rate = learning_rate
        self._entropy = entropy
        self._critic = critic
        self._screening = Screening()
        self._learned: _Learned | None = None

    def propose(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Yield draws from the policy; of the first new ones the critic's choice comes first."""
        draws = self._draws(history, rng)
        if not self._critic or len(history.evaluated) < WARMUP:
            yield from draws
            return
        new: dict[Hashable, Any] = {}
        draw = None
        for draw in draws:
            architecture = history.space.canonical(draw)
            if history.is_new(architecture):
                new.setdefault(architecture, draw)
            if len(new) == _SCREENED:
                break
        if not new:
            yield draw
            return
        rank = ranks([record.standing for record in history.evaluated])
        for architecture in self._screening.order(history, rank, list(new), rng):
            yield new[architecture]

    def _draws(self, history: History, rng: np.random.Generator) -> Iterator[Any]:
        """Yield draws from the policy, made ever flatter as long as they bring nothing new."""
        distributions = list(history.space.distributions().items())
        policy = self._policy(history)
        counts = policy.valid.sum(axis=1)
        for n in range(_DRAWS):
            if n % _PATIENCE == 0:
                thresholds = policy.probabilities(temperature=1 + n / _PATIENCE).cumsum(axis=1)
            # A row's last threshold is 1 but for rounding, so its last choice must end it.
            chosen = np.minimum(
                (rng.random((len(counts), 1)) >= thresholds).sum(axis=1), counts - 1
            )
            units = (chosen + rng.random(len(counts))) / counts
            pairs = zip(distributions, units, strict=True)
            yield history.space.from_params(
                {name: from_unit(genes, unit) for (name, genes), unit in pairs}
            )

    def _policy(self, history: History) -> Policy:
        """Return the policy after all trials.

        What was learned at earlier asks only saves steps that would be the same.
        """
        learned, space = self._learned, history.space
        same = learned is not None and learned.distributions == space.distributions()
        if learned is None or not same or learned.seen != history.evaluated[: len(learned.seen)]:
            learned = _nothing(history)
        policy, trials = learned.policy, history.evaluated
        for i in range(len(learned.seen), len(trials)):
            advantage = _advantage(trials[max(0, i - _RECENT) : i + 1])
            chosen = _chosen(space, trials[i])
            policy = policy.reinforce(chosen, advantage, self._learning_rate, self._entropy)
        self._learned = _Learned(space.distributions(), trials, policy)
        return policy


def _nothing(history: History) -> _Learned:
    distributions = history.space.distributions()
    counts = np.array([cells(distribution) for distribution in distributions.values()])
    return _Learned(distributions, [], Policy.even(np.arange(counts.max()) < counts[:, None]))


def _advantage(recent: Sequence[Record]) -> float:
    """Return by how many spreads the last of some trials is better than usual among them.

    Spreads are those of normal scores of ranks, the mean over objectives. So a trial that was
    stopped early counts below those that went on, and its unit does not matter.
    """
    rank = ranks([record.standing for record in recent])
    return float(normal_scores(rank)[-1].mean())


def _chosen(space: Space, record: Record) -> Array:
    """Return the index of every gene's choice, -1 where the gene is inactive, shape (genes,)."""
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
