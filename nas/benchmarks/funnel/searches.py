"""Searches of the lensing benchmark by funnels: candidates, rungs and finals, without trainings."""

from collections.abc import Iterator
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
    """

    seconds: float
    regret: float


@dataclass
class _Candidate:
    architecture: Architecture
    epochs: int
    auc: float


@dataclass
class _Search:
    """One search as far as it has come."""

    bench: LensBench
    funnel: Funnel
    rng: np.random.Generator
    seconds: float = 0.0
    seen: dict[Architecture, int] = field(default_factory=dict)
    """The seed with which a network was trained."""
    candidates: dict[Architecture, _Candidate] = field(default_factory=dict)

    def train(self, architecture: Architecture, trial: optuna.Trial) -> tuple[TrialState, float]:
        """Train a candidate until it is stopped or done; a known one costs nothing."""
        if architecture in self.seen:
            known = self.candidates[architecture]
            whole = known.epochs == len(self._row(architecture).curve)
            return (TrialState.COMPLETE if whole else TrialState.PRUNED), known.auc
        seeds = self.bench.seeds
        self.seen[architecture] = seeds[int(self.rng.integers(len(seeds)))]
        row = self._row(architecture)
        state, epoch = TrialState.COMPLETE, 0
        for epoch, auc in enumerate(row.curve, 1):
            trial.report(auc, epoch)
            if epoch < len(row.curve) and trial.should_prune():
                state = TrialState.PRUNED
                break
        auc = max(row.curve) if state is TrialState.COMPLETE else row.curve[epoch - 1]
        self.seconds += row.seconds * epoch / len(row.curve)
        self.candidates[architecture] = _Candidate(architecture, epoch, auc)
        return state, auc

    def moment(self, best: float) -> Moment:
        """Return what would be recommended now, against the best test AUC of all."""
        # Who came further was better at every rung.
        order = sorted(self.candidates.values(), key=lambda one: (-one.epochs, -one.auc))
        finalists = order[: max(1, self.funnel.finalists)]
        seconds, winner = self.seconds, finalists[0].architecture
        if self.funnel.finalists:
            scores = []
            for one in finalists:
                others = [seed for seed in self.bench.seeds if seed != self.seen[one.architecture]]
                rows = [self.bench.row(one.architecture, seed) for seed in others]
                scores.append(float(np.mean([row.val_auc for row in rows])))
                seconds += sum(row.seconds for row in rows)
            winner = finalists[int(np.argmax(scores))].architecture
        return Moment(seconds, best - self.bench.test(winner))

    def _row(self, architecture: Architecture) -> BenchRow:
        return self.bench.row(architecture, self.seen[architecture])


def moments(bench: LensBench, funnel: Funnel, seed: int, seconds: float) -> Iterator[Moment]:
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
    best = max(bench.test(network) for network in bench.networks)
    state = _Search(bench, funnel, np.random.default_rng([seed, 1]))
    with threadpool_limits(limits=1):
        while state.seconds < seconds and len(state.candidates) < len(bench.networks):
            trial = study.ask(dict(bench.space.distributions()))
            architecture = bench.space.canonical(bench.space.from_params(trial.params))
            outcome, auc = state.train(architecture, trial)
            study.tell(trial, auc if outcome is TrialState.COMPLETE else None, outcome)
            yield state.moment(best)
