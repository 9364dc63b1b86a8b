"""The contest by which one network comes to its row in the leaderboard.

First the learning rates compete on validation images, then all seeds are trained and judged.
"""

from collections.abc import Sequence
from dataclasses import replace

from baselines.leaderboard.entries import Entry
from baselines.leaderboard.trainings import Assignment, Cache
from nas.training.result import FinalScores
from nas.training.spec import TrainingSpec


class Contest:
    """The trainings of one network, in the order that they may be done.

    What was trained before is taken from the cache. The rest is handed out by ``next`` and comes
    back by ``succeed`` or ``fail``. The training whose learning rate wins is also that of the first
    seed: it is judged, not trained again.

    Args:
        entry: the network.
        rates: learning rates that compete.
        seeds: seeds of the trainings; the learning rates compete with the first of them.
        cache: what was trained before.

    Raises:
        UserError: what was trained before is damaged.
    """

    def __init__(
        self, entry: Entry, rates: Sequence[float], seeds: Sequence[int], cache: Cache
    ) -> None:
        self.entry = entry
        self.tried: dict[float, float | None] = {}
        """Validation AUC of the first seed by learning rate; None where the training failed."""
        self.learning_rate: float | None = None
        """Learning rate that validation chose; None while the learning rates compete."""
        self.scores: dict[int, FinalScores] = {}
        """Scores of the trainings that were judged, by seed."""
        self.failure = ""
        """Why the network gets no scores; empty while nothing stands against it."""
        self._rates, self._seeds, self._cache = tuple(rates), tuple(seeds), cache
        self._waiting: list[Assignment] = []
        self._begin()

    def spec(self, rate: float, seed: int) -> TrainingSpec:
        """Return the training with a learning rate and a seed."""
        recipe = replace(self.entry.recipe, learning_rate=rate)
        return TrainingSpec(
            data=self._cache.fingerprint, card=self.entry.card, recipe=recipe, seed=seed
        )

    @property
    def specs(self) -> tuple[TrainingSpec, ...]:
        """The trainings that count, one for each seed; none while the learning rates compete."""
        if self.learning_rate is None:
            return ()
        return tuple(self.spec(self.learning_rate, seed) for seed in self._seeds)

    @property
    def settled(self) -> bool:
        """Whether the network's row of the leaderboard is known."""
        return bool(self.failure) or len(self.scores) == len(self._seeds)

    @property
    def total(self) -> int:
        """Number of trainings of the network, whether they have ended or not."""
        return len(self._rates) + len(self._seeds) - 1

    @property
    def done(self) -> int:
        """Number of trainings that have ended.

        The training whose learning rate wins has ended when it is judged.
        """
        if self.failure:
            return self.total
        losers = len(self._rates) - 1
        return (
            min(len(self.tried), losers)
            if self.learning_rate is None
            else losers + len(self.scores)
        )

    def next(self) -> Assignment | None:
        """Return the next training to be done; None where there is none, or none yet."""
        return self._waiting.pop(0) if self._waiting else None

    def succeed(self, assignment: Assignment, outcome: float | FinalScores) -> None:
        """Note what a training came to."""
        if isinstance(outcome, FinalScores):
            self.scores[assignment.spec.seed] = outcome
            self._cache.forget_state(assignment.spec, lost=False)
        else:
            self._note_try(assignment.spec.recipe.learning_rate, outcome)

    def fail(self, assignment: Assignment, reason: str) -> None:
        """Note why a training came to nothing."""
        if assignment.counts:
            self._give_up(f"seed {assignment.spec.seed}: {reason}")
            return
        self._note_try(assignment.spec.recipe.learning_rate, None, reason)

    def _begin(self) -> None:
        if len(self._rates) == 1:
            self._choose(self._rates[0])
            return
        for rate in self._rates:
            spec = self.spec(rate, self._seeds[0])
            auc, reason = self._cache.validation(spec), self._cache.divergence(spec)
            if auc is None and reason is None:
                self._waiting.append(self._cache.assignment(spec, counts=False))
            else:
                self._note_try(rate, auc, reason or "")

    def _note_try(self, rate: float, auc: float | None, reason: str = "") -> None:
        self.tried[rate] = auc
        if len(self.tried) < len(self._rates):
            return
        # This keeps the order of the rates, so that of equals the same wins whichever ended first.
        known = {rate: auc for rate in self._rates if (auc := self.tried[rate]) is not None}
        if not known:
            self._give_up(reason)
            return
        self._choose(max(known, key=known.__getitem__))

    def _choose(self, rate: float) -> None:
        self.learning_rate = rate
        for loser, auc in self.tried.items():
            # A training that failed would fail again, and is left to begin where it did.
            if loser != rate and auc is not None:
                self._cache.forget_state(self.spec(loser, self._seeds[0]), lost=True)
        for spec in self.specs:
            scores, reason = self._cache.scores(spec), self._cache.divergence(spec)
            if scores is not None:
                self.scores[spec.seed] = scores
                # A call that was killed right after it had judged the network left the state.
                self._cache.forget_state(spec, lost=False)
            elif reason is not None:
                self._give_up(f"seed {spec.seed}: {reason}")
                return
            else:
                self._waiting.append(self._cache.assignment(spec, counts=True))

    def _give_up(self, reason: str) -> None:
        self.failure = reason
        self._waiting.clear()
