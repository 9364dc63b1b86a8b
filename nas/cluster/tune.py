"""Jobs on Ray Tune: they go to actors, and their outcomes come back.

This is the one view that Ray Tune has of our work. Tune's own searchers cannot give it: they always
ask for new trials, so that the jobs of a killed run would be lost; they evaluate what is known
already; and they drop scores that are not numbers and the reasons of failures.
"""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic, TypeVar

import ray.cloudpickle
import ray.exceptions
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher

from nas.cluster.actor import Actor
from nas.cluster.carried import Carried
from nas.cluster.connection import Hands, environment_variables
from nas.cluster.jobs import Equipment, Failure, Jobs
from nas.common.progress import waiting

JobT = TypeVar("JobT")
OutcomeT = TypeVar("OutcomeT")

# These switch off Tune's log files, console and signal handler, and its checkpoints of the
# experiment, which our own histories replace.
_QUIET = {
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "TUNE_GLOBAL_CHECKPOINT_S": "1000000000",
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "TUNE_WARN_THRESHOLD_S": "60",
    "RAY_AIR_NEW_OUTPUT": "0",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}


def run_all(jobs: Jobs[JobT, OutcomeT], equipment: Equipment[JobT, OutcomeT], hands: Hands) -> None:
    """Do jobs until there are no more. Ray must be running.

    After an interruption (``KeyboardInterrupt``) what came so far is noted, and nothing else.

    Args:
        jobs: What hands out the jobs, and takes their outcomes.
        equipment: What the workers are made from.
        hands: How many workers there are, and what each may use.

    Raises:
        Exception: A method of ``jobs`` raised it.
    """
    mistake = _Mistake()
    searcher = _JobSearcher(jobs, mistake)
    share = {"CPU": float(hands.cpus), **({"GPU": hands.gpus} if hands.gpus else {})}
    with (
        environment_variables(_QUIET),
        tempfile.TemporaryDirectory(prefix="lens-nas-") as scratch,
        _FirstWorker() as first,
    ):
        tune.run(
            tune.with_parameters(Actor, equipment=equipment, carried=Carried.here()),
            config={"gpus": hands.gpus},
            search_alg=searcher,
            scheduler=_JobScheduler(searcher),
            resources_per_trial=tune.PlacementGroupFactory([share]),
            num_samples=-1,
            # Without this, Tune gives a searcher that is not its own one job at a time.
            max_concurrent_trials=hands.workers,
            # A reused actor imports torch and takes the images once, not for every job.
            reuse_actors=True,
            stop=_Stopper(mistake),
            callbacks=[first],
            raise_on_failed_trial=False,
            storage_path=scratch,
            verbose=0,
        )
    if mistake.error is not None:
        raise mistake.error


class _FirstWorker(tune.Callback):
    """Shows that a worker is waited for, which imports torch first, until there is one."""

    def __enter__(self) -> "_FirstWorker":
        self._shown = ExitStack()
        self._shown.enter_context(waiting("starting the first worker"))
        return self

    def __exit__(self, *raised: object) -> None:
        self._shown.close()

    def on_trial_start(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Note that a worker is there."""
        self._shown.close()


class _Mistake:
    """Keeps what a method of the jobs raised, which Tune would bury in an error of its own."""

    def __init__(self) -> None:
        self.error: Exception | None = None


class _JobSearcher(Searcher, Generic[JobT, OutcomeT]):
    """Tune's searcher, as a thin view of the jobs."""

    def __init__(self, jobs: Jobs[JobT, OutcomeT], mistake: _Mistake) -> None:
        super().__init__()
        self._jobs = jobs
        self._mistake = mistake
        self._running: dict[str, JobT] = {}
        self._stopped: set[str] = set()
        self._failures: dict[str, Failure] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """Return the next job; None while one must be waited for."""
        try:
            job = self._jobs.next()
            if job is None:
                return Searcher.FINISHED if self._jobs.done else None
        except Exception as mistake:
            self._mistake.error = mistake
            return Searcher.FINISHED
        self._running[trial_id] = job
        return {"job": job}

    def judge(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Note an outcome; return whether the job should be stopped early."""
        if result.get("done") or "outcome" not in result or self._mistake.error is not None:
            return False
        try:
            stop = self._jobs.report(
                self._running[trial_id], result["training_iteration"], result["outcome"][0]
            )
        except Exception as mistake:
            self._mistake.error = mistake
            return True
        if stop:
            self._stopped.add(trial_id)
        return stop

    def note_failure(self, trial_id: str, failure: Failure) -> None:
        """Remember why the actor of a job ended, until Tune says that the job did."""
        self._failures[trial_id] = failure

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Settle a job that ended, unless it ended because the whole run does."""
        if self._mistake.error is not None:
            return
        job, result = self._running.pop(trial_id), result or {}
        try:
            if "outcome" in result:
                self._jobs.settle(job, result["outcome"][0], trial_id in self._stopped)
            else:
                ended = self._failures.pop(trial_id, Failure("its worker ended", "worker"))
                self._jobs.fail(job, result.get("failure") or ended)
        except Exception as mistake:
            self._mistake.error = mistake

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Nothing: the history of the jobs is what a resumed run needs."""


class _JobScheduler(FIFOScheduler):
    """Tune's scheduler: stops a job where it should be, and learns why an actor ended."""

    def __init__(self, searcher: _JobSearcher[Any, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._searcher = searcher

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """Note an outcome, and decide whether the job goes on."""
        stop = self._searcher.judge(trial.trial_id, result)
        return TrialScheduler.STOP if stop else TrialScheduler.CONTINUE

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Note why a job failed, since Tune tells the searcher only that it did."""
        reason = why_ended(*_error_of(trial))
        self._searcher.note_failure(trial.trial_id, Failure(reason, "worker"))


class _Stopper(tune.Stopper):
    """Ends all jobs when a method of the jobs raised an exception.

    Tune pickles the stopper. So it knows the mistake alone, and not the jobs, which may hold locks
    of a screen.
    """

    def __init__(self, mistake: _Mistake) -> None:
        self._mistake = mistake

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Return that no job is ended by itself."""
        return False

    def stop_all(self) -> bool:
        """Return whether all jobs are ended."""
        return self._mistake.error is not None


def _error_of(trial: Trial) -> tuple[Exception | None, str]:
    """Return why the actor of a trial ended: the error where Tune keeps it, and its text.

    Tune pickles the error in this process, into a directory of this run.
    ``Trial.get_pickled_error`` looks for it in the storage, where it is copied only later.
    """
    error, text = None, ""
    if trial.pickled_error_file and Path(trial.pickled_error_file).exists():
        error = ray.cloudpickle.loads(Path(trial.pickled_error_file).read_bytes())
    if trial.error_file:
        text = Path(trial.error_file).read_text(encoding="utf-8")
    return error, text


def why_ended(error: Exception | None, text: str) -> str:
    """Return in a few words why an actor ended.

    Args:
        error: Ray's error; None where Tune did not keep it.
        text: Text that Tune wrote of the error.
    """
    cause = error.cause if isinstance(error, ray.exceptions.RayTaskError) else error
    # For an actor, Ray has one type of error, and tells only in words that memory was low or that
    # the machine was lost.
    if isinstance(cause, ray.exceptions.OutOfMemoryError) or "low on memory" in text:
        return "its worker was killed, since the machine was low on memory"
    lost = isinstance(cause, ray.exceptions.RayActorError) and "node has died" in text
    if isinstance(cause, ray.exceptions.NodeDiedError) or lost:
        return "the machine of its worker was lost"
    if isinstance(cause, ray.exceptions.RayActorError | ray.exceptions.WorkerCrashedError):
        return "its worker process died: it crashed, was killed, or ran out of memory"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return f"its worker ended: {lines[-1][:300] if lines else 'no reason is known'}"
