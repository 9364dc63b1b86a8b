"""The contest by which one network comes to its row in the leaderboard.

First the learning rates compete on validation images, then with the best of them the weight decays,
and then all seeds are trained and judged.
"""

from collections.abc import Sequence
from dataclasses import replace

from baselines.leaderboard.entries import Entry
from baselines.leaderboard.grid import Grid, Try
from baselines.leaderboard.trainings import Assignment, Cache
from nas.training.result import FinalScores
from nas.training.spec import TrainingSpec


class Contest:
    """The trainings of one network, in the order that they may be done.

    What was trained before is taken from the cache. The rest is handed out by ``next`` and comes
    back by ``succeed`` or ``fail``. The training that wins is also that of the first seed: it is
    judged, not trained again.

    Args:
        entry: the network.
        grid: learning rates and weight decays that compete.
        seeds: seeds of the trainings; the grid is tried with the first of them.
        cache: what was trained before.

    Raises:
        UserError: what was trained before is damaged.
    """

    def __init__(self, entry: Entry, grid: Grid, seeds: Sequence[int], cache: Cache) -> None:
        self.entry = entry
        self.tried: dict[Try, float | None] = {}
        """Validation score of the first seed by what was tried; None where training failed."""
        self.chosen: Try | None = None
        """What validation chose; None while the grid is tried."""
        self.scores: dict[int, FinalScores] = {}
        """Scores of the trainings that were judged, by seed."""
        self.failure = ""
        """Why the network gets no scores; empty while nothing stands against it."""
        self._grid, self._seeds, self._cache = grid, tuple(seeds), cache
        self._competing = grid.rates
        self._waiting: list[Assignment] = []
        self._compete(grid.rates)

    def spec(self, tried: Try, seed: int) -> TrainingSpec:
        """Return the training with a learning rate, a weight decay and a seed."""
        return TrainingSpec(
            data=self._cache.fingerprint,
            card=self.entry.card,
            recipe=replace(self.entry.recipe, **vars(tried)),
            seed=seed,
        )

    @property
    def specs(self) -> tuple[TrainingSpec, ...]:
        """The trainings that count, one for each seed; none while the grid is tried."""
        if self.chosen is None:
            return ()
        return tuple(self.spec(self.chosen, seed) for seed in self._seeds)

    @property
    def rates(self) -> dict[float, float | None]:
        """Validation score by learning rate, of those that were tried."""
        return {one.learning_rate: self.tried[one] for one in self._grid.rates if one in self.tried}

    @property
    def decays(self) -> dict[float, float | None]:
        """Validation score by weight decay, of those tried with the best learning rate."""
        if self.chosen is None or len(self._grid.weight_decays) == 1:
            return {}
        decays = self._grid.decays(self.chosen.learning_rate)
        return {one.weight_decay: self.tried[one] for one in decays if one in self.tried}

    @property
    def settled(self) -> bool:
        """Whether the network's row of the leaderboard is known."""
        return bool(self.failure) or len(self.scores) == len(self._seeds)

    @property
    def total(self) -> int:
        """Number of trainings of the network, whether they have ended or not."""
        return len(self._grid) + len(self._seeds) - 1

    @property
    def done(self) -> int:
        """Number of trainings that have ended.

        The training that wins has ended when it is judged.
        """
        if self.failure:
            return self.total
        losers = len(self._grid) - 1
        return min(len(self.tried), losers) if self.chosen is None else losers + len(self.scores)

    def next(self) -> Assignment | None:
        """Return the next training to be done; None where there is none, or none yet."""
        return self._waiting.pop(0) if self._waiting else None

    def succeed(self, assignment: Assignment, outcome: float | FinalScores) -> None:
        """Note what a training came to."""
        if isinstance(outcome, FinalScores):
            self.scores[assignment.spec.seed] = outcome
            self._cache.forget_state(assignment.spec, lost=False)
        else:
            self._note(Try.of(assignment.spec.recipe), outcome)

    def fail(self, assignment: Assignment, reason: str) -> None:
        """Note why a training came to nothing."""
        if assignment.counts:
            self._give_up(f"seed {assignment.spec.seed}: {reason}")
            return
        self._note(Try.of(assignment.spec.recipe), None, reason)

    def _compete(self, competing: list[Try]) -> None:
        """Let some compete; what was trained before need not be trained again."""
        self._competing = competing
        if len(self._grid) == 1:
            self._choose(competing[0])
            return
        for one in competing:
            if one in self.tried:
                continue
            spec = self.spec(one, self._seeds[0])
            score, reason = self._cache.validation(spec), self._cache.divergence(spec)
            if score is None and reason is None:
                self._waiting.append(self._cache.assignment(spec, counts=False))
            else:
                self._note(one, score, reason or "")

    def _note(self, tried: Try, score: float | None, reason: str = "") -> None:
        self.tried[tried] = score
        if not self.tried.keys() >= set(self._competing):
            return
        # This keeps the order of the grid, so that of equals the same wins whichever ended first.
        known = {one: score for one in self._competing if (score := self.tried[one]) is not None}
        if not known:
            self._give_up(reason)
            return
        best = max(known, key=known.__getitem__)
        next_ones = self._grid.decays(best.learning_rate)
        if next_ones == self._competing or len(next_ones) == 1:
            self._choose(best)
        else:
            self._compete(next_ones)

    def _choose(self, chosen: Try) -> None:
        self.chosen = chosen
        for loser, score in self.tried.items():
            # A training that failed would fail again, and is left to begin where it did.
            if loser != chosen and score is not None:
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
