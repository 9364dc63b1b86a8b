"""The history of a search: which candidates were proposed, what came of them, and what to do next.

The database is the one source of truth. Proposals are made on a copy of the study in memory, and a
candidate enters the database in one transaction, with all its genes. So a kill leaves either no
candidate or a whole one, which a resumed search evaluates again under the number that it has. A
candidate whose outcome is known without an evaluation is settled on the spot.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import ceil
from typing import Any

import optuna
from optuna.pruners import BasePruner, NopPruner, SuccessiveHalvingPruner
from optuna.samplers import BaseSampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from nas.common.artefacts import DamageError, short
from nas.search.limits import FeasibleSpace
from nas.search.measures import directions
from nas.search.objectives import objective, pareto
from nas.search.patience import Patience, failed_at_the_start
from nas.search.result import Candidate, Evaluation
from nas.search.run_directory import StudyAddress
from nas.search.storage import open_storage, open_study, using_database
from nas.search.trials import (
    as_proposed,
    as_stored,
    attributes_of,
    evaluation_of,
    forget_evaluation,
    is_evaluated,
    is_infeasible,
    to_candidate,
)
from nas.training.recipe import Recipe
from search_spaces import Architecture, SpaceError

REDUCTION = 3
"""One in so many of the candidates at a rung goes on, to a rung at so many times the epochs."""


def first_rung(recipe: Recipe) -> int:
    """Return the epochs after which the first poor candidates are stopped.

    While the learning rate rises, scores say little of what comes of a network (docs/funnel.md).
    Without a warm-up it is a ninth of the training, so that there are two rungs before its end.

    Args:
        recipe: Recipe of a candidate's training.
    """
    risen = ceil(round(recipe.warmup * recipe.epochs, 6))  # a product of .28 and 25 is above 7
    return max(1, risen, recipe.epochs // REDUCTION**2)


@dataclass(frozen=True)
class Proposal:
    """A candidate that waits for its evaluation."""

    number: int
    """Number of the trial."""
    architecture: Architecture
    """Architecture in canonical form."""


class SearchStudy:
    """A study and the rules by which it grows.

    Args:
        address: Where the study is kept.
        identity: JSON values that say what is searched; a study is continued only where they are
            equal.
        space: Search space with its limits: what can be proposed.
        sampler: Optuna's or our sampler, which proposes.
        objectives: Names of :data:`nas.search.options.OBJECTIVES`, ``auc`` or ``r2`` among them.
        trials: How many candidates are wanted; those that break a limit do not count.
        first_rung: Epochs after which the first poor candidates are stopped (ASHA, Li et al. 2018,
            arXiv 1810.05934); 0 stops none. With several objectives none is stopped, for a
            candidate with a poor AUC can still be the best of its size.

    Raises:
        UserError: The study is damaged, or of another search.
    """

    def __init__(
        self,
        address: StudyAddress,
        identity: Mapping[str, Any],
        *,
        space: FeasibleSpace,
        sampler: BaseSampler,
        objectives: Sequence[str] = ("auc",),
        trials: int,
        first_rung: int = 0,
    ) -> None:
        self.space = space
        self.objectives = tuple(objectives)
        self.trials = trials
        self.stopped: str | None = None
        """Why no more candidates are proposed although some are missing."""
        self._storage = open_storage(address.url)
        self._using = partial(using_database, address.url, writing=True)
        wanted = directions(objectives)
        self._study_id, past = open_study(self._storage, address, objectives, identity)
        pruner: BasePruner = NopPruner()
        if first_rung and len(wanted) == 1:
            pruner = SuccessiveHalvingPruner(min_resource=first_rung, reduction_factor=REDUCTION)
        self._memory = InMemoryStorage()
        self._study = optuna.create_study(
            storage=self._memory, directions=wanted, sampler=sampler, pruner=pruner
        )
        # The database's ids of its trials, by number.
        self._ids: dict[int, int] = {}
        # The number of the trial that evaluates an architecture.
        self._first: dict[Architecture, int] = {}
        # Numbers of the trials that wait for the outcome of another, by that one's number.
        self._twins: dict[int, list[int]] = {}
        # What a killed search proposed and did not settle.
        self._left: list[Proposal] = []
        self._patience = Patience(space.limits.max_latency_ms)
        self._load(past)

    # What to do

    def next(self) -> Proposal | None:
        """Return a candidate that must be evaluated; None if there is none now.

        Whether there will be none any more is :attr:`done`.
        """
        if self._left:
            return self._left.pop(0)
        while self._wanted():
            task = self._propose()
            if task is not None:
                return task
        return None

    @property
    def done(self) -> bool:
        """Whether nothing is running and nothing more is wanted."""
        return not self._left and not self._wanted() and not self._all(TrialState.RUNNING)

    @property
    def finished(self) -> int:
        """Number of wanted candidates whose outcome is known."""
        return sum(trial.state.is_finished() and not is_infeasible(trial) for trial in self._all())

    # What came of it

    def report(self, number: int, epoch: int, score: float) -> bool:
        """Note the score after an epoch; return whether the candidate should be stopped.

        Args:
            number: Number of the candidate's trial.
            epoch: Epoch that was just finished, from 1.
            score: Validation AUC, or R², after the epoch.
        """
        with self._using():
            self._storage.set_trial_intermediate_value(self._ids[number], epoch, score)
        if len(self.objectives) > 1:
            return False
        trial = self._trial(number)
        trial.report(score, epoch)
        return trial.should_prune()

    def complete(self, number: int, evaluation: Evaluation) -> None:
        """Settle a candidate that was evaluated."""
        self._constrain(number, {"latency_ms": evaluation.latency_ms})
        if is_infeasible(self._frozen(number)):
            self._settle(
                number, TrialState.PRUNED, replace(evaluation, reason="latency beyond its limit")
            )
        else:
            self._settle(number, TrialState.COMPLETE, evaluation)

    def stop(self, number: int, evaluation: Evaluation) -> None:
        """Settle a candidate that was stopped early."""
        self._constrain(number, {"latency_ms": evaluation.latency_ms})
        self._settle(number, TrialState.PRUNED, evaluation)

    def fail(self, number: int, reason: str) -> None:
        """Settle a candidate that could not be evaluated.

        The search stops if more than half of the first ten candidates fail.
        """
        self._settle(number, TrialState.FAIL, Evaluation(reason=reason))
        self.stopped = self.stopped or failed_at_the_start(self._all(), reason)

    # What is known

    def candidates(self) -> list[Candidate]:
        """Return all candidates by number, without one whose proposal an interruption cut short."""
        return [to_candidate(trial) for trial in self._all() if trial.number in self._ids]

    def pareto(self) -> list[Candidate]:
        """Return the candidates that no other beats in every objective, the best first.

        Where there is one objective they are judged by it and parameters.
        """
        names = self.objectives if len(self.objectives) > 1 else (*self.objectives, "params")
        return pareto(self.candidates(), names)

    # Growing

    def _wanted(self) -> bool:
        self.stopped = self.stopped or self._patience.over(self.candidates)
        counted = sum(not is_infeasible(trial) for trial in self._all())
        return self.stopped is None and counted < self.trials

    def _propose(self) -> Proposal | None:
        """Let the sampler propose a candidate; return it unless its outcome is known already."""
        trial = self._study.ask()
        for name, distribution in self.space.distributions().items():
            trial.suggest_categorical(name, distribution.choices)
        number, architecture = trial.number, self._architecture(trial.params)
        costs = {
            "params": self.space.costs.params(architecture),
            "flops": self.space.costs.flops(architecture),
        }
        untied = self.space.costs.untied_params(architecture)
        about = {"architecture": str(architecture), **costs, "untied_params": untied}
        for key, value in about.items():
            trial.set_user_attr(key, value)
        self._constrain(number, costs)
        active = self.space.active_genes(self.space.from_params(trial.params))
        stored = as_stored(self._frozen(number), active)
        with self._using():
            self._ids[number] = self._storage.create_new_trial(self._study_id, stored)
        return self._unless_settled(Proposal(number, architecture))

    def _unless_settled(self, task: Proposal) -> Proposal | None:
        """Return the candidate if it must be evaluated.

        Otherwise it is settled now, or together with an earlier trial of the same architecture.
        """
        excess = self._frozen(task.number).constraints
        broken = [name for name in ("params", "flops") if excess.get(name, 0.0) > 0]
        if broken:
            reason = f"{' and '.join(broken)} beyond the limit"
            self._settle(task.number, TrialState.PRUNED, Evaluation(reason=reason))
            return None
        first = self._first.setdefault(task.architecture, task.number)
        if first == task.number:
            return task
        if self._frozen(first).state.is_finished():
            self._copy(first, task.number)
        else:
            self._twins.setdefault(first, []).append(task.number)
        return None

    def _copy(self, first: int, number: int) -> None:
        """Settle a trial with the outcome of an earlier trial of the same architecture."""
        source = self._frozen(first)
        evaluation = replace(evaluation_of(source), seconds=None, duplicate_of=first)
        self._constrain(number, {"latency_ms": evaluation.latency_ms})
        for epoch, score in source.intermediate_values.items():
            with self._using():
                self._storage.set_trial_intermediate_value(self._ids[number], epoch, score)
            if len(self.objectives) == 1:
                self._trial(number).report(score, epoch)
        self._settle(number, source.state, evaluation)

    def _settle(self, number: int, state: TrialState, evaluation: Evaluation) -> None:
        """Write an outcome to memory, then to the database, where the state is written last.

        So a kill leaves a trial that is still running in the database, and is evaluated again.
        """
        trial = self._trial(number)
        for key, value in attributes_of(evaluation).items():
            trial.set_user_attr(key, value)
        values = self._values(number) if state is TrialState.COMPLETE else None
        self._study.tell(trial, values, state)
        frozen = self._frozen(number)
        self._patience.count(frozen)
        with self._using():
            # A settlement that a kill cut short may have left other values.
            written = self._storage.get_trial(self._ids[number])
            for key, value in attributes_of(evaluation, written.user_attrs).items():
                self._storage.set_trial_user_attr(self._ids[number], key, value)
            for key, value in frozen.system_attrs.items():
                if written.system_attrs.get(key) != value:
                    self._storage.set_trial_system_attr(self._ids[number], key, value)
            self._storage.set_trial_state_values(self._ids[number], state, values)
        for twin in self._twins.pop(number, []):
            self._copy(number, twin)

    def _constrain(self, number: int, costs: Mapping[str, float | None]) -> None:
        """Note by which share each known cost exceeds its limit; it is negative within."""
        known = {name: cost for name, cost in costs.items() if cost is not None}
        for name, share in self.space.limits.excess(known).items():
            self._trial(number).set_constraint(name, share)

    def _values(self, number: int) -> list[float]:
        candidate = to_candidate(self._frozen(number))
        return [objective(candidate, name) for name in self.objectives]

    # Remembering

    def _load(self, past: Mapping[int, FrozenTrial]) -> None:
        """Take over the trials of the database.

        Those that a killed search left unsettled are evaluated again.
        """
        self._ids = {trial.number: trial_id for trial_id, trial in past.items()}
        with self._using():
            genes = self.space.distributions()
            trials = [as_proposed(trial, genes) for trial in past.values()]
            for trial in trials:
                if not trial.state.is_finished():
                    forget_evaluation(trial)
            self._study.add_trials(trials)
            tasks = [Proposal(trial.number, self._known(trial)) for trial in trials]
        for trial, task in zip(trials, tasks, strict=True):
            if not trial.state.is_finished():
                if self._unless_settled(task) is not None:
                    self._left.append(task)
            elif is_evaluated(trial):
                self._first[task.architecture] = task.number

    def _known(self, trial: FrozenTrial) -> Architecture:
        try:
            return self._architecture(trial.params)
        except SpaceError as error:
            raise DamageError(f"trial {trial.number}: {short(error)}") from error

    def _trial(self, number: int) -> optuna.Trial:
        # Study.ask makes new trials only. Optuna advises against this constructor, but has no other
        # way to a trial that an earlier process began.
        study_id = self._memory.get_study_id_from_name(self._study.study_name)
        return optuna.Trial(
            self._study, self._memory.get_trial_id_from_study_id_trial_number(study_id, number)
        )

    def _frozen(self, number: int) -> FrozenTrial:
        return self._all()[number]

    def _all(self, *states: TrialState) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False, states=states or None)

    def _architecture(self, params: Mapping[str, Any]) -> Architecture:
        return self.space.canonical(self.space.from_params(params))
