"""A policy over genes, and how one evaluation moves it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_DECAY = 0.9
"""Of the moving mean and spread of rewards."""
_CLIP = 3.0
"""Advantages, in spreads, are cut off here."""
_BETAS = 0.9, 0.999
_TINY = 1e-8


@dataclass(frozen=True)
class MovingAverage:
    """What rewards are usual: their moving mean and spread, corrected for the start at zero.

    Attributes:
        mean: moving sum of the rewards, one an objective.
        square: moving sum of their squares.
        weight: of all rewards in the sums.
    """

    mean: Array
    square: Array
    weight: float = 0.0

    def advantage(self, rewards: Array) -> float:
        """By how many spreads the rewards exceed the mean, averaged over objectives; 0 as long as
        nothing is usual.

        Each is clipped, so that one broken architecture does not decide over its genes.
        """
        if self.weight == 0:
            return 0.0
        mean = self.mean / self.weight
        spread = np.sqrt(np.maximum(self.square / self.weight - mean**2, 0.0))
        return float(np.clip((rewards - mean) / (spread + _TINY), -_CLIP, _CLIP).mean())

    def after(self, rewards: Array) -> "MovingAverage":
        """The baseline once these rewards are known as well."""
        keep, take = _DECAY, 1 - _DECAY
        return MovingAverage(
            keep * self.mean + take * rewards,
            keep * self.square + take * rewards**2,
            keep * self.weight + take,
        )


@dataclass(frozen=True)
class Policy:
    """Independent softmax distributions, one a gene, with Adam's state.

    Attributes:
        valid: which choices each gene has, shape (genes, choices).
        logits: of each choice.
        first: Adam's first moment.
        second: Adam's second moment.
        steps: how often each gene was moved, shape (genes, 1).
    """

    valid: Array
    logits: Array
    first: Array
    second: Array
    steps: Array

    @classmethod
    def even(cls, valid: Array) -> "Policy":
        """The policy without preferences."""
        zeros = np.zeros(valid.shape)
        return cls(valid, zeros, zeros, zeros, np.zeros((len(valid), 1)))

    def probabilities(self, temperature: float = 1.0) -> Array:
        """Of each choice; every row sums to 1."""
        logits = np.where(self.valid, self.logits / temperature, -np.inf)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def reinforce(
        self, chosen: Array, advantage: float, learning_rate: float, entropy: float
    ) -> "Policy":
        """The policy after one step of REINFORCE (Williams 1992) with an entropy bonus, by Adam.

        Only active genes move: the probability of an architecture is the product over the genes
        that it has.

        Args:
            chosen: the index of each gene's choice, -1 where the gene was inactive.
            advantage: by how much the architecture was better than usual.
            learning_rate: Adam's.
            entropy: weight of the bonus.
        """
        active = (chosen >= 0)[:, None]
        p = self.probabilities()
        taken = np.arange(p.shape[1]) == chosen[:, None]
        surprise = np.where(self.valid, np.log(np.maximum(p, _TINY)), 0.0)
        spread = -(p * surprise).sum(axis=1, keepdims=True)
        gradient = advantage * (taken - p) - entropy * p * (surprise + spread)
        first = np.where(active, _BETAS[0] * self.first + (1 - _BETAS[0]) * gradient, self.first)
        second = np.where(
            active, _BETAS[1] * self.second + (1 - _BETAS[1]) * gradient**2, self.second
        )
        steps = self.steps + active
        corrected = np.maximum(steps, 1)
        move = (first / (1 - _BETAS[0] ** corrected)) / (
            np.sqrt(second / (1 - _BETAS[1] ** corrected)) + _TINY
        )
        return Policy(self.valid, self.logits + learning_rate * active * move, first, second, steps)
