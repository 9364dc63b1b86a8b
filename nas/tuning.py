"""The Ray Tune side of a search: Tune takes candidates from the study, runs them on actors, and tells the outcome.

Tune's own ``OptunaSearch`` cannot do this: it always asks for new trials, so that those of a killed search would be
lost; it evaluates an architecture that is known; and it drops scores that are not numbers and the reasons of failures.
"""

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import ray
import torch
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from nas.candidates import Report, Scorer, Scoring
from nas.cluster import environment_variables
from nas.errors import UserError
from nas.latency import measure_latency
from nas.study import Measured, SearchStudy
from nas.training.card import ModelCard
from search_spaces import Architecture

# Tune's own log files, console and signal handler; its checkpoints of the experiment, which the study replaces.
QUIET = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}

OnOutcome = Callable[[int], None]


def evaluate_all(
    study: SearchStudy, scoring: Scoring, *, workers: int, gpus: float = 0.0, on_outcome: OnOutcome | None = None
) -> None:
    """Evaluate candidates until the study has all that it wants, or stops.

    Ray must be running. On an interruption (``KeyboardInterrupt``) the study is left as it is, ready to be resumed.

    Args:
        study: proposes, and takes the outcomes.
        scoring: how candidates are scored.
        workers: how many are evaluated at a time.
        gpus: share of a GPU that each of them has; 0 scores on CPUs.
        on_outcome: called with the number of each candidate that was settled by an evaluation.
    """
    searcher = _StudySearcher(study, on_outcome or (lambda number: None))
    resources = tune.PlacementGroupFactory([{"CPU": 1, "GPU": gpus} if gpus else {"CPU": 1}])
    with environment_variables(QUIET), tempfile.TemporaryDirectory(prefix="lens-nas-") as scratch:
        tune.run(
            tune.with_parameters(_Candidate, scoring=scoring),
            config={"gpus": gpus},
            search_alg=searcher,
            scheduler=_StudyScheduler(searcher),
            resources_per_trial=resources,
            num_samples=-1,
            # Without it a searcher of one's own has one candidate at a time.
            max_concurrent_trials=workers,
            # An actor imports torch and takes the images once, not for every candidate.
            reuse_actors=True,
            raise_on_failed_trial=False,
            storage_path=scratch,
            verbose=0,
        )


def least_latency(card: ModelCard, architectures: Sequence[Architecture], batch: int, gpus: float) -> float:
    """Time networks as candidates are timed, in a process with the same share of a machine; Ray must be running.

    Args:
        card: of the networks of the space; it names no architecture.
        architectures: at least one.
        batch: images in a pass.
        gpus: share of a GPU; 0 times on a CPU.

    Returns:
        The milliseconds that the fastest takes for a batch.
    """
    timed = ray.remote(num_cpus=1, num_gpus=gpus)(_least_latency)
    least: float = ray.get(timed.remote(card, architectures, batch, _device(gpus)))
    return least


def _least_latency(card: ModelCard, architectures: Sequence[Architecture], batch: int, device: torch.device) -> float:
    shape = (card.in_chans, *card.image_size)
    networks = (replace(card, architecture=str(item)).build(0).to(device) for item in architectures)
    return min(measure_latency(network, shape, batch, device).milliseconds for network in networks)


def _device(gpus: float) -> torch.device:
    return torch.device("cuda" if gpus else "cpu")


class _Candidate(tune.Trainable):
    """One actor: scores one candidate after the other."""

    def setup(self, config: dict[str, Any], scoring: Scoring) -> None:  # type: ignore[override]
        """Take images and supernet to the device."""
        self._device = _device(config["gpus"])
        if 0 < config["gpus"] < 1:
            torch.cuda.set_per_process_memory_fraction(config["gpus"])
        self._scorer: Scorer = scoring.scorer(self._device)
        self._reports = self._scorer.score(config["task"])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Go on with another candidate."""
        self._reports.close()  # type: ignore[attr-defined]
        self._reports = self._scorer.score(new_config["task"])
        return True

    def step(self) -> dict[str, Any]:
        """Return the next report, or why there is none."""
        try:
            report = next(self._reports)
        except Exception as error:  # whatever it is, it is this candidate's; the actor goes on
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
            return {"failure": reason_of(error), "done": True}
        return {"report": report, "done": report.done}

    def cleanup(self) -> None:
        """Stop what is still running."""
        self._reports.close()  # type: ignore[attr-defined]


class _StudySearcher(Searcher):
    """Tune's searcher: a thin view of the study."""

    def __init__(self, study: SearchStudy, on_outcome: OnOutcome) -> None:
        super().__init__()
        self._study = study
        self._on_outcome = on_outcome
        self._numbers: dict[str, int] = {}
        self._stopped: set[str] = set()
        self._reasons: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next candidate; None while the last ones are still running."""
        task = self._study.next()
        if task is None:
            return Searcher.FINISHED if self._study.done else None
        self._numbers[trial_id] = task.number
        return {"task": task}

    def judge(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Note a report; return whether the candidate should be stopped early."""
        report: Report | None = result.get("report")
        if report is None or report.done or report.auc is None:
            return False
        if self._study.report(self._numbers[trial_id], result["training_iteration"], report.auc):
            self._stopped.add(trial_id)
            return True
        return False

    def note_failure(self, trial_id: str, reason: str) -> None:
        """Remember why the actor of a candidate ended."""
        self._reasons[trial_id] = reason

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the study."""
        number = self._numbers.pop(trial_id)
        report: Report | None = (result or {}).get("report")
        if report is None:
            self._study.fail(number, (result or {}).get("failure") or self._reasons.pop(trial_id, "its worker ended"))
        else:
            measured = Measured(report.auc, report.latency_ms, report.seconds)
            settle = self._study.stop if trial_id in self._stopped else self._study.complete
            settle(number, measured)
        self._on_outcome(number)

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Nothing: the study is what a resumed search needs."""


class _StudyScheduler(FIFOScheduler):
    """Tune's scheduler: stops a candidate where the study says so, and learns why an actor ended."""

    def __init__(self, searcher: _StudySearcher) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._searcher = searcher

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Stop or go on."""
        stop = self._searcher.judge(trial.trial_id, result)
        return TrialScheduler.STOP if stop else TrialScheduler.CONTINUE

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Tune tells the searcher of the error right after, but not the reason."""
        told = Path(trial.error_file).read_text(encoding="utf-8") if trial.error_file else ""
        self._searcher.note_failure(trial.trial_id, why_ended(told))


def reason_of(error: Exception) -> str:
    """An exception in one line."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else ""
    if isinstance(error, UserError):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def why_ended(told: str) -> str:
    """What Ray tells about an actor that ended, in a few words."""
    if "low on memory" in told:
        return "its worker was killed, since the machine was low on memory"
    if "node has died" in told or "node died" in told.lower():
        return "the machine of its worker was lost"
    if "actor is dead" in told or "actor died" in told:
        return "its worker process died: it crashed, was killed, or ran out of memory"
    lines = [line.strip() for line in told.splitlines() if line.strip()]
    return f"its worker ended: {lines[-1][:300] if lines else 'no reason is known'}"
