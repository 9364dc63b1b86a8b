"""What a trial of a search's study says about its candidate."""

import copy
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from optuna.distributions import BaseDistribution
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

# Optuna's and our notes of an evaluation begin so. They stand among a trial's system attributes,
# where the notes of the proposal stand too.
_MARKS = ("completed_rung_", "constraints:latency_ms")

# User attributes of a trial: its evaluation, and parts of it that Optuna's dashboard then shows in
# lines of their own.
_WHOLE = "evaluation"
_APART = ("latency_ms", "duplicate_of", "reason")

# System attribute of a trial with the choices of genes that its network has not, by name.
_INACTIVE = "inactive_genes"


def is_infeasible(trial: FrozenTrial) -> bool:
    """Return whether the candidate breaks a limit.

    A candidate that failed does not, whatever was measured before.
    """
    return trial.state is not TrialState.FAIL and any(
        share > 0 for share in trial.constraints.values()
    )


def attributes_of(evaluation: Evaluation, before: Collection[str] = ()) -> dict[str, Any]:
    """Return the user attributes with which a trial tells of its evaluation.

    Args:
        evaluation: what is known.
        before: names of attributes that the trial has, whose values may be of another evaluation.
    """
    apart = {name: getattr(evaluation, name) for name in _APART}
    told = {
        name: value for name, value in apart.items() if value not in (None, "") or name in before
    }
    return {**told, _WHOLE: asdict(evaluation)}


def forget_evaluation(trial: FrozenTrial) -> None:
    """Leave the trial as it was proposed, since it will report again what it reported before."""
    trial.intermediate_values = {}
    trial.user_attrs = {
        key: value for key, value in trial.user_attrs.items() if key not in (_WHOLE, *_APART)
    }
    trial.system_attrs = {
        key: value for key, value in trial.system_attrs.items() if not key.startswith(_MARKS)
    }


def evaluation_of(trial: FrozenTrial) -> Evaluation:
    """Return what is known of the candidate's worth: nothing while it is running."""
    told = trial.user_attrs.get(_WHOLE, {})
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


def as_stored(trial: FrozenTrial, active: Iterable[str]) -> FrozenTrial:
    """Return a trial as the database has it: only active genes are its parameters.

    Optuna's dashboard, plots and importances would show the others as if they had mattered. A
    sampler that proposes again from the same history needs them, so they stand aside.

    Args:
        trial: trial with a choice for every gene.
        active: names of the genes that its network depends on.
    """
    names, stored = set(active), copy.copy(trial)
    aside = {name: value for name, value in trial.params.items() if name not in names}
    stored.params = {name: trial.params[name] for name in trial.params if name in names}
    stored.distributions = {name: trial.distributions[name] for name in stored.params}
    stored.system_attrs = {**trial.system_attrs, _INACTIVE: aside}
    return stored


def as_proposed(trial: FrozenTrial, genes: Mapping[str, BaseDistribution]) -> FrozenTrial:
    """Return a trial of the database with a choice for every gene, as it was proposed.

    Args:
        trial: what :func:`as_stored` made of it; earlier versions stored all genes.
        genes: distribution of every gene, in the order in which they are proposed.

    Raises:
        DamageError: a choice is none of its gene.
    """
    proposed = copy.copy(trial)
    attributes = dict(trial.system_attrs)
    known = {**trial.params, **checked(dict[str, Any], attributes.pop(_INACTIVE, {}))}
    proposed.params = {name: known.pop(name) for name in genes if name in known} | known
    try:
        proposed.distributions = {
            **{name: genes[name] for name in proposed.params if name not in trial.params},
            **trial.distributions,
        }
        for name in proposed.params.keys() - trial.params.keys():
            genes[name].to_internal_repr(proposed.params[name])
    except (KeyError, ValueError) as error:
        raise DamageError(f"trial {trial.number}: {error}") from error
    proposed.system_attrs = attributes
    return proposed


def check_trial(trial: FrozenTrial) -> None:
    """Check what a trial of a database says, before any of it is believed.

    Raises:
        DamageError: the trial is not what a search writes.
    """
    told = trial.user_attrs
    evaluation = checked(Evaluation, told.get(_WHOLE, {}))
    checked(Candidate, {**told, "number": trial.number, "state": "running"})
    marks = {key: value for key, value in trial.system_attrs.items() if key.startswith(_NUMBERS)}
    steps = {str(step): value for step, value in trial.intermediate_values.items()}
    checked(dict[str, float], {**marks, **steps})
    checked(list[float], trial.values or [])
    if trial.state is TrialState.COMPLETE and evaluation.score is None:
        raise DamageError("complete, and without an auc")
