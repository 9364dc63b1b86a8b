"""What a trial of a search's study says about its candidate."""

from collections.abc import Mapping
from dataclasses import asdict, fields

from optuna.trial import FrozenTrial, TrialState

from nas.common.artefacts import DamageError, checked
from nas.search.result import Candidate, Evaluation, State

_STATES: Mapping[TrialState, State] = {
    TrialState.COMPLETE: "complete",
    TrialState.FAIL: "failed",
    TrialState.PRUNED: "stopped",
}

# Attributes of a trial that begin so are numbers.
_NUMBERS = ("completed_rung_", "constraints:")


def is_infeasible(trial: FrozenTrial) -> bool:
    """Return whether the candidate breaks a limit.

    A candidate that failed does not, whatever was measured before.
    """
    return trial.state is not TrialState.FAIL and any(
        share > 0 for share in trial.constraints.values()
    )


def evaluation_of(trial: FrozenTrial) -> Evaluation:
    """Return what is known of the candidate's worth: nothing while it is running."""
    told = trial.user_attrs.get("evaluation", {})
    known = {field.name for field in fields(Evaluation)}
    return Evaluation(**{name: value for name, value in told.items() if name in known})


def is_evaluated(trial: FrozenTrial) -> bool:
    """Return whether a worker had the candidate.

    Otherwise the outcome was known without a worker: a duplicate, or beyond a limit on parameters
    or FLOPs.
    """
    evaluation = evaluation_of(trial)
    return evaluation.duplicate_of is None and (
        not is_infeasible(trial) or bool(evaluation.latency_ms)
    )


def to_candidate(trial: FrozenTrial) -> Candidate:
    """Return the candidate of a trial."""
    attributes = trial.user_attrs
    return Candidate(
        number=trial.number,
        state="infeasible" if is_infeasible(trial) else _STATES.get(trial.state, "running"),
        architecture=attributes["architecture"],
        params=attributes["params"],
        flops=attributes["flops"],
        untied_params=attributes.get("untied_params"),
        **asdict(evaluation_of(trial)),
    )


def check_trial(trial: FrozenTrial) -> None:
    """Check what a trial of a database says, before any of it is believed.

    Raises:
        DamageError: the trial is not what a search writes.
    """
    told = trial.user_attrs
    evaluation = checked(Evaluation, told.get("evaluation", {}))
    checked(Candidate, {**told, "number": trial.number, "state": "running"})
    marks = {key: value for key, value in trial.system_attrs.items() if key.startswith(_NUMBERS)}
    steps = {str(step): value for step, value in trial.intermediate_values.items()}
    checked(dict[str, float], {**marks, **steps})
    checked(list[float], trial.values or [])
    if trial.state is TrialState.COMPLETE and evaluation.auc is None:
        raise DamageError("complete, and without an auc")
