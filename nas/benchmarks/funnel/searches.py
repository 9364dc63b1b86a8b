"""Searches of the lensing benchmark by funnels: candidates, rungs and finals, without trainings."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.trial import TrialState
from scipy import stats
from threadpoolctl import threadpool_limits

from nas.benchmarks.table.bench import BenchRow, LensBench
from nas.samplers.registry import get_sampler
from nas.search.finals import SURE
from nas.search.study import REDUCTION
from search_spaces import Architecture


class Funnel(NamedTuple):
    """The shape of a funnel, and who proposes.

    Attributes:
        strategy: Name of the sampler.
        first_rung: Epochs after which the first candidates are stopped; 0 stops none.
        finalists: Best candidates that are trained again, with seeds that the search did not see; 0
            recommends by the search alone.
    """

    strategy: str
    first_rung: int
    finalists: int

    def __str__(self) -> str:
        rungs = f"rungs from {self.first_rung}" if self.first_rung else "all to the end"
        finals = f"{self.finalists} finalists" if self.finalists else "no finals"
        return f"{self.strategy}, {rungs}, {finals}"


class Roles(NamedTuple):
    """Which training of a network is looked at when, so that no luck counts twice.

    Attributes:
        search: Seed of the trainings of candidates.
        finals: Seeds of the trainings of finalists.
        judge: Seed of the training that says how good the recommended network is.
    """

    search: int
    finals: tuple[int, ...]
    judge: int

    @staticmethod
    def of(bench: LensBench, seed: int) -> "Roles":
        """Deal out the seeds of a benchmark at random."""
        search, *finals, judge = chance(seed).permutation(bench.seeds).tolist()
        return Roles(search, tuple(finals), judge)


def chance(seed: int) -> np.random.Generator:
    """Return the generator of what is drawn beside a search, which shares no number with it.

    The generators of samplers have the number of a trial in the second place.
    """
    return np.random.default_rng([seed, 2**32 - 1])


class Moment(NamedTuple):
    """What a search would recommend if it stopped at a moment.

    Attributes:
        seconds: Seconds of training until then, those of the finals among them.
        network: The recommended network: of those that cannot be told from the best the cheapest.
        leader: The best finalist, whatever it costs.
        judged: The training of the recommended network that the search did not see.
    """

    seconds: float
    network: Architecture
    leader: Architecture
    judged: BenchRow


class _Trained(NamedTuple):
    row: BenchRow
    epochs: int

    @property
    def whole(self) -> bool:
        return self.epochs == len(self.row.curve)

    @property
    def auc(self) -> float:
        """The validation AUC of a whole training."""
        return self.row.val_auc


@dataclass
class _Search:
    """One search as far as it has come."""

    bench: LensBench
    funnel: Funnel
    roles: Roles
    seconds: float = 0.0
    trained: dict[Architecture, _Trained] = field(default_factory=dict)

    def train(self, architecture: Architecture, trial: optuna.Trial) -> _Trained:
        """Train a candidate until it is stopped or done; one that is known reports again."""
        if architecture in self.trained:
            known = self.trained[architecture]
            for epoch, auc in enumerate(known.row.curve[: known.epochs], 1):
                trial.report(auc, epoch)
            return known
        row = self.bench.row(architecture, self.roles.search)
        last = epochs = len(row.curve)
        for epoch, auc in enumerate(row.curve, 1):
            trial.report(auc, epoch)
            if epoch < last and trial.should_prune():
                epochs = epoch
                break
        self.seconds += row.seconds * epochs / last
        return self.trained.setdefault(architecture, _Trained(row, epochs))

    def moment(self) -> Moment:
        """Return what would be recommended now."""
        whole = [one for one, trained in self.trained.items() if trained.whole]
        order = sorted(
            whole, key=lambda one: (-self.trained[one].auc, self.trained[one].row.params)
        )
        finalists = order[: max(1, self.funnel.finalists)]
        seconds, leader, winner = self.seconds, finalists[0], finalists[0]
        if self.funnel.finalists:
            rows = {
                one: [self.bench.row(one, seed) for seed in self.roles.finals] for one in finalists
            }
            seconds += sum(row.seconds for own in rows.values() for row in own)
            means = {one: float(np.mean([row.val_auc for row in rows[one]])) for one in finalists}
            leader = max(means, key=lambda one: means[one])
            ties = [one for one in finalists if self._surety(means[leader] - means[one]) < SURE]
            winner = min(ties, key=lambda one: self.trained[one].row.flops)
        return Moment(seconds, winner, leader, self.bench.row(winner, self.roles.judge))

    def _surety(self, difference: float) -> float:
        """Return how sure it is that a network is better by the finals: seeds alone count here."""
        spread = self.bench.noise * math.sqrt(2 / len(self.roles.finals))
        return float(stats.norm.cdf(difference / spread)) if spread else float(difference > 0)


def moments(
    bench: LensBench, funnel: Funnel, seed: int, seconds: float = math.inf
) -> Iterator[Moment]:
    """Search a benchmark, and yield after each candidate what would be recommended.

    One candidate is trained at a time, all with one seed, finalists with others.

    Args:
        bench: The benchmark, whole, with three seeds or more where there are finals.
        funnel: Shape of the funnel.
        seed: Seed of the proposals and of who sees which training.
        seconds: Seconds of training after which the search ends.
    """
    roles = Roles.of(bench, seed)
    pruner: BasePruner = NopPruner()
    if funnel.first_rung:
        pruner = SuccessiveHalvingPruner(min_resource=funnel.first_rung, reduction_factor=REDUCTION)
    study = optuna.create_study(
        direction="maximize",
        sampler=get_sampler(funnel.strategy, seed, bench.space),
        pruner=pruner,
    )
    state = _Search(bench, funnel, roles)
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


def recommended_after(known: Sequence[Moment], seconds: float) -> Moment:
    """Return what a search recommends after so many seconds of training, finals included.

    Args:
        known: Moments of the search, one or more.
        seconds: Seconds of training. A search that cannot recommend anything yet takes longer, and
            recommends its first candidate.
    """
    return [known[0], *(moment for moment in known[1:] if moment.seconds <= seconds)][-1]
