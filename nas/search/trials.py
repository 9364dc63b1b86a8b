"""What a trial of a search's study says about its candidate."""

from dataclasses import asdict, fields

from optuna.trial import FrozenTrial, TrialState

from nas.search.result import Candidate, Evaluation

_STATES = {TrialState.COMPLETE: "complete", TrialState.FAIL: "failed"}


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
    unsettled = "stopped" if trial.state is TrialState.PRUNED else "running"
    return Candidate(
        number=trial.number,
        state="infeasible" if is_infeasible(trial) else _STATES.get(trial.state, unsettled),
        architecture=attributes["architecture"],
        params=attributes["params"],
        flops=attributes["flops"],
        **asdict(evaluation_of(trial)),
    )
