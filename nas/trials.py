"""What a trial of a search's study says about its candidate."""

from optuna.trial import FrozenTrial, TrialState

from nas.run_directory import Candidate

_STATES = {TrialState.COMPLETE: "complete", TrialState.FAIL: "failed"}


def is_infeasible(trial: FrozenTrial) -> bool:
    """Whether the candidate breaks a limit; one that failed does not, whatever was measured before."""
    return trial.state is not TrialState.FAIL and any(share > 0 for share in trial.constraints.values())


def is_evaluated(trial: FrozenTrial) -> bool:
    """Whether a worker had the candidate, rather than the outcome was known without."""
    evaluation = trial.user_attrs.get("evaluation", {})
    return evaluation.get("duplicate_of") is None and (not is_infeasible(trial) or bool(evaluation.get("latency_ms")))


def to_candidate(trial: FrozenTrial) -> Candidate:
    """The candidate of a trial."""
    attributes, evaluation = trial.user_attrs, trial.user_attrs.get("evaluation", {})
    unsettled = "stopped" if trial.state is TrialState.PRUNED else "running"
    return Candidate(
        number=trial.number,
        state="infeasible" if is_infeasible(trial) else _STATES.get(trial.state, unsettled),
        architecture=attributes["architecture"],
        auc=evaluation.get("auc"),
        params=attributes["params"],
        flops=attributes["flops"],
        latency_ms=evaluation.get("latency_ms"),
        seconds=evaluation.get("seconds"),
        duplicate_of=evaluation.get("duplicate_of"),
        reason=evaluation.get("reason", ""),
    )
