"""Searches of the lensing benchmark by funnels: candidates, rungs and finals, without trainings."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState
from threadpoolctl import threadpool_limits

from nas.benchmarks.table.bench import BenchRow, LensBench
from nas.samplers.registry import get_sampler
from nas.search.study import REDUCTION
from search_spaces import Architecture


class Funnel(NamedTuple):
    """The shape of a funnel, and who proposes.

    Attributes:
        strategy: Name of the sampler.
        first_rung: Epochs after which the first candidates are stopped; 0 stops none.
        finalists: Best candidates that are trained again, with a seed that the search did not see;
            0 recommends by the search alone.
    """

    strategy: str
    first_rung: int
    finalists: int

    def __str__(self) -> str:
        rungs = f"rungs from {self.first_rung}" if self.first_rung else "all to the end"
        finals = f"{self.finalists} finalists" if self.finalists else "no finals"
        return f"{self.strategy}, {rungs}, {finals}"


class Moment(NamedTuple):
    """What a search would recommend if it stopped at a moment.

    Attributes:
        seconds: Seconds of training until then, those of the finals among them.
        regret: By how much the test AUC of the recommended network is below the best one.
        network: The recommended network.
    """

    seconds: float
    regret: float
    network: Architecture


class _Trained(NamedTuple):
    row: BenchRow
    epochs: int
    auc: float

    @property
    def whole(self) -> bool:
        return self.epochs == len(self.row.curve)


@dataclass
class _Search:
    """One search as far as it has come."""

    bench: LensBench
    funnel: Funnel
    rng: np.random.Generator
    seconds: float = 0.0
    trained: dict[Architecture, _Trained] = field(default_factory=dict)

    def train(self, architecture: Architecture, trial: optuna.Trial) -> _Trained:
        """Train a candidate until it is stopped or done; a known one costs nothing."""
        if architecture in self.trained:
            return self.trained[architecture]
        row = self.bench.row(architecture, int(self.rng.choice(self.bench.seeds)))
        epochs = len(row.curve)
        for epoch, auc in enumerate(row.curve, 1):
            trial.report(auc, epoch)
            if trial.should_prune():
                epochs = epoch
                break
        auc = row.val_auc if epochs == len(row.curve) else row.curve[epochs - 1]
        self.seconds += row.seconds * epochs / len(row.curve)
        return self.trained.setdefault(architecture, _Trained(row, epochs, auc))

    def moment(self) -> Moment:
        """Return what would be recommended now."""
        # Who came further was better at every rung.
        order = sorted(self.trained, key=lambda one: self.trained[one][1:], reverse=True)
        finalists = order[: max(1, self.funnel.finalists)]
        seconds, winner = self.seconds, finalists[0]
        if self.funnel.finalists:
            rows = {one: self._others(one) for one in finalists}
            seconds += sum(row.seconds for own in rows.values() for row in own)
            winner = max(rows, key=lambda one: np.mean([row.val_auc for row in rows[one]]))
        return Moment(seconds, self.bench.best - self.bench.test(winner), winner)

    def _others(self, architecture: Architecture) -> list[BenchRow]:
        """Return the trainings with the seeds that the search did not see."""
        seen = self.trained[architecture].row.seed
        return [self.bench.row(architecture, seed) for seed in self.bench.seeds if seed != seen]


def moments(
    bench: LensBench, funnel: Funnel, seed: int, seconds: float = math.inf
) -> Iterator[Moment]:
    """Search a benchmark, and yield after each candidate what would be recommended.

    Args:
        bench: The benchmark, whole.
        funnel: Shape of the funnel.
        seed: Seed of the proposals and of the seeds with which candidates are trained.
        seconds: Seconds of training after which the search ends.
    """
    pruner: BasePruner = NopPruner()
    if funnel.first_rung:
        pruner = SuccessiveHalvingPruner(min_resource=funnel.first_rung, reduction_factor=REDUCTION)
    study = optuna.create_study(
        direction="maximize",
        sampler=get_sampler(funnel.strategy, seed, bench.space),
        pruner=pruner,
    )
    state = _Search(bench, funnel, np.random.default_rng([seed, 1]))
    with threadpool_limits(limits=1):
        while state.seconds < seconds and len(state.trained) < len(bench.networks):
            trial = study.ask(dict(bench.space.distributions()))
            architecture = bench.space.canonical(bench.space.from_params(trial.params))
            trained = state.train(architecture, trial)
            if trained.whole:
                study.tell(trial, trained.auc)
            else:
                study.tell(trial, state=TrialState.PRUNED)
            yield state.moment()


def regrets_at(minutes: Sequence[float], known: Sequence[Moment]) -> list[float]:
    """Return the regret of what a search can recommend in so many minutes, finals included.

    A search that cannot recommend anything yet is as good as its first candidate.

    Args:
        minutes: Minutes of training.
        known: Moments of the search, one or more.
    """
    found = []
    for limit in minutes:
        within = [moment.regret for moment in known if moment.seconds <= 60 * limit]
        found.append((within or [known[0].regret])[-1])
    return found
