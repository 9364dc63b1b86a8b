"""The Ray Tune side of a leaderboard: Tune takes trainings from the contests, runs them, and tells what came."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from ray import tune
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from baselines.contest import Contest
from baselines.trainings import Task
from nas.cluster import Hands, environment_variables
from nas.errors import UserError
from nas.provenance import command
from nas.training.images import TrainingImages
from nas.tuning import QUIET, reason_of, why_ended

OnOutcome = Callable[[Contest], None]


def train_all(contests: Sequence[Contest], images: TrainingImages, hands: Hands, on_outcome: OnOutcome) -> None:
    """Train until every contest is settled.

    Ray must be running. On an interruption (``KeyboardInterrupt``) what was trained is on disk.

    Args:
        contests: hand out trainings, and take what they came to.
        images: to learn from, and to be judged on.
        hands: who trains.
        on_outcome: called with the contest of each training that ended; a ``UserError`` ends it all.
    """
    searcher = _ContestSearcher(contests, on_outcome)
    share = {"CPU": float(hands.cpus), **({"GPU": hands.gpus} if hands.gpus else {})}
    with environment_variables(QUIET), tempfile.TemporaryDirectory(prefix="lens-nas-") as scratch:
        tune.run(
            tune.with_parameters(_Trainer, images=images, asked_by=command(), at_a_time=hands.workers),
            config={"gpus": hands.gpus},
            search_alg=searcher,
            scheduler=_Listener(searcher),
            resources_per_trial=tune.PlacementGroupFactory([share]),
            num_samples=-1,
            # Without it a searcher of one's own has one training at a time.
            max_concurrent_trials=hands.workers,
            # An actor imports torch and takes the images once, not for every training.
            reuse_actors=True,
            stop=_Stopper(searcher),
            raise_on_failed_trial=False,
            storage_path=scratch,
            verbose=0,
        )
    if searcher.mistake is not None:
        raise searcher.mistake


class _Trainer(tune.Trainable):
    """One actor: does one training after the other."""

    def setup(  # type: ignore[override]
        self, config: dict[str, Any], images: TrainingImages, asked_by: str, at_a_time: int
    ) -> None:
        """Take the images, and what all trainings are told."""
        self._device = torch.device("cuda" if config["gpus"] else "cpu")
        if 0 < config["gpus"] < 1:
            torch.cuda.set_per_process_memory_fraction(config["gpus"])
        self._images, self._asked_by, self._at_a_time = images, asked_by, at_a_time
        self._task: Task = config["task"]

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Go on with another training."""
        self._task = new_config["task"]
        return True

    def step(self) -> dict[str, Any]:
        """Do the whole training; return what it came to, or why to nothing."""
        try:
            outcome = self._task.run(self._images, self._device, asked_by=self._asked_by, at_a_time=self._at_a_time)
        except Exception as error:  # whatever it is, it is this training's; the actor goes on
            return {"failure": reason_of(error), "done": True}
        finally:
            if self._device.type == "cuda":
                torch.cuda.empty_cache()
        return {"outcome": outcome, "done": True}


class _ContestSearcher(Searcher):
    """Tune's searcher: a thin view of the contests."""

    def __init__(self, contests: Sequence[Contest], on_outcome: OnOutcome) -> None:
        super().__init__()
        self.mistake: UserError | None = None
        """What kept an outcome from being written; Tune would bury it in an error of its own."""
        self._contests = contests
        self._on_outcome = on_outcome
        self._running: dict[str, tuple[Contest, Task]] = {}
        self._reasons: dict[str, str] = {}

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        """The next training; None while one must be waited for."""
        for contest in self._contests:
            task = contest.next()
            if task is not None:
                self._running[trial_id] = contest, task
                return {"task": task}
        return None if self._running else Searcher.FINISHED

    def note_failure(self, trial_id: str, reason: str) -> None:
        """Remember why the actor of a training ended."""
        self._reasons[trial_id] = reason

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the contest; but not what ended because all ends."""
        if self.mistake is not None:
            return
        contest, task = self._running.pop(trial_id)
        result = result or {}
        if "outcome" in result:
            contest.succeed(task, result["outcome"])
        else:
            contest.fail(task, result.get("failure") or self._reasons.pop(trial_id, "its worker ended"))
        try:
            self._on_outcome(contest)
        except UserError as mistake:
            self.mistake = mistake

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Nothing: the directories of the trainings are what the same command goes on with."""


class _Stopper(tune.Stopper):
    """Ends all trainings when nothing can be written any more."""

    def __init__(self, searcher: _ContestSearcher) -> None:
        self._searcher = searcher

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """No training is ended by itself."""
        return False

    def stop_all(self) -> bool:
        """Whether all are."""
        return self._searcher.mistake is not None


class _Listener(FIFOScheduler):
    """Tune's scheduler, which learns why an actor ended."""

    def __init__(self, searcher: _ContestSearcher) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._searcher = searcher

    def on_trial_error(self, tune_controller: Any, trial: Trial) -> None:
        """Tune tells the searcher of the error right after, but not the reason."""
        told = Path(trial.error_file).read_text(encoding="utf-8") if trial.error_file else ""
        self._searcher.note_failure(trial.trial_id, why_ended(told))
