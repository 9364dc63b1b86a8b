"""A policy over genes, and how one evaluation moves it."""

from dataclasses import dataclass

import numpy as np

from nas.samplers.arrays import Array

_BETAS = 0.9, 0.999
"""Adam's decay of the first moment and of the second."""
_TINY = 1e-8


@dataclass(frozen=True)
class Policy:
    """Independent softmax distributions, one for each gene, with Adam's state.

    Attributes:
        valid: Whether the gene has the choice, shape (genes, choices).
        logits: Logit of each choice, shape (genes, choices).
        first: Adam's first moment, shape (genes, choices).
        second: Adam's second moment, shape (genes, choices).
        steps: Number of steps that moved each gene, shape (genes, 1).
    """

    valid: Array
    logits: Array
    first: Array
    second: Array
    steps: Array

    @classmethod
    def even(cls, valid: Array) -> "Policy":
        """Return the policy without preferences."""
        zeros = np.zeros(valid.shape)
        return cls(valid, zeros, zeros, zeros, np.zeros((len(valid), 1)))

    def probabilities(self, temperature: float = 1.0) -> Array:
        """Return the probability of each choice, shape (genes, choices); every row sums to 1."""
        logits = np.where(self.valid, self.logits / temperature, -np.inf)
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def reinforce(
        self, chosen: Array, advantage: float, learning_rate: float, entropy: float
    ) -> "Policy":
        """Return the policy after one step of REINFORCE (Williams 1992) with an entropy bonus.

        Adam makes the step, and only active genes move: the probability of an architecture is the
        product over the genes that it has.

        Args:
            chosen: Index of each gene's choice, -1 where the gene was inactive, shape (genes,).
            advantage: Amount by which the architecture was better than usual.
            learning_rate: Adam's learning rate.
            entropy: Weight of the entropy bonus.
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
