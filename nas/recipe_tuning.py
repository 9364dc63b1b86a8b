"""Tuning a recipe for one network: Optuna's TPE proposes, Ray Tune trains, validation judges."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import optuna
import ray
import torch
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState
from ray import tune
from ray.tune.search.optuna import OptunaSearch

from nas.cluster import cluster, environment_variables
from nas.data.tensors import LensTensors
from nas.errors import UserError
from nas.files import make_directory
from nas.progress import progress
from nas.study import open_storage
from nas.training import Recipe, fit
from nas.training.card import ModelCard
from nas.tuning import QUIET

_STUDY = "recipe"


@dataclass(frozen=True, kw_only=True)
class RecipeTuning:
    """All that decides which recipe comes out.

    Only trainings that ended are in the study, so that one which was interrupted is done again and, one at a time, a
    tuning that was killed comes to the same recipe as an unbroken one.
    """

    card: ModelCard
    """The network."""
    recipe: Recipe
    """Where to begin; it is the first that is tried."""
    seed: int
    """Of the proposals and of every training."""
    directory: Path
    """Where the study is."""

    def run(
        self, train: LensTensors, val: LensTensors, trainings: int, workers: int = 1, device: str = "cpu"
    ) -> Recipe:
        """Return the recipe with the highest validation AUC.

        Args:
            train: images to learn from, on the CPU.
            val: images that choose, on the CPU.
            trainings: how many recipes are tried, with those of an earlier call.
            workers: how many at a time.
            device: ``cpu`` or ``cuda``, where they share what there is.

        Raises:
            UserError: none of them could be trained.
        """
        make_directory(self.directory)
        storage = open_storage(f"sqlite:///{(self.directory / 'study.db').absolute()}")
        with _quiet():
            history = optuna.create_study(storage=storage, study_name=_STUDY, direction="maximize", load_if_exists=True)
            done = len(history.trials)
            if done < trainings:
                with cluster(), progress("tuning the recipe", trainings, "trainings", done) as advance:
                    searcher = _Searcher(self, history, lambda: advance(1))
                    self._tune(searcher, (train, val), trainings - done, workers, device)
        if not any(trial.state is TrialState.COMPLETE for trial in history.trials):
            reason = history.trials[0].user_attrs["failure"]
            raise UserError(f"no recipe could be trained for {self.card.model} ({reason}): give another with the flags")
        return changed(self.recipe, history.best_params)

    def space(self) -> dict[str, BaseDistribution]:
        """What is tuned, and how far from the recipe."""
        rate = self.recipe.learning_rate
        return {
            "learning_rate": FloatDistribution(rate / 10, rate * 10, log=True),
            "weight_decay": FloatDistribution(0.0, max(0.2, 2 * self.recipe.weight_decay)),
            "drop_path": FloatDistribution(0.0, max(0.3, self.recipe.drop_path)),
            "shift": IntDistribution(0, max(4, self.recipe.augmentation.shift)),
            "noise": FloatDistribution(0.0, max(0.2, self.recipe.augmentation.noise)),
        }

    def _tune(
        self, searcher: "_Searcher", images: tuple[LensTensors, LensTensors], trainings: int, workers: int, device: str
    ) -> None:
        with tempfile.TemporaryDirectory(prefix="lens-nas-") as scratch:
            tune.run(
                tune.with_parameters(_train, tuning=self, images=images, device=device),
                search_alg=searcher,
                num_samples=trainings,
                max_concurrent_trials=workers,
                resources_per_trial=_share(workers, device),
                raise_on_failed_trial=False,
                storage_path=scratch,
                verbose=0,
            )


class _Searcher(OptunaSearch):
    """Tune's searcher on a study in memory, which begins with the history and writes down what ended."""

    def __init__(self, tuning: RecipeTuning, history: optuna.Study, on_end: Callable[[], None]) -> None:
        self._history = history
        self._on_end = on_end
        self._first_seed = tuning.seed
        super().__init__(
            tuning.space(),
            metric="auc",
            mode="max",
            points_to_evaluate=[] if history.trials else [values_of(tuning.recipe)],
        )
        self._study = cast(optuna.Study, self._ot_study)
        for trial in history.trials:
            self._study.add_trial(trial)

    def suggest(self, trial_id: str) -> dict[str, Any] | None:
        """The next recipe, which depends on those before it and their number alone."""
        seed = np.random.SeedSequence([self._first_seed, len(self._study.trials)]).generate_state(1)[0]
        self._study.sampler = TPESampler(seed=int(seed))
        return super().suggest(trial_id)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Nothing: there is one result, the last."""

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell the study, and write the training down."""
        failure = "its worker ended" if error or result is None else result.get("failure")
        value = None if failure or result is None else result["auc"]
        state = TrialState.FAIL if failure else TrialState.COMPLETE
        asked = self._ot_trials[trial_id]
        if failure:
            asked.set_user_attr("failure", failure)
        self._history.add_trial(self._study.tell(asked, value, state))
        self._on_end()

    def save_to_dir(self, checkpoint_dir: str, session_str: str = "default") -> None:
        """Nothing: the history is what a resumed tuning needs."""


def _share(workers: int, device: str) -> dict[str, float]:
    """What one of several trainings at a time may use of what there is."""
    there = ray.cluster_resources()  # type: ignore[no-untyped-call]
    gpus = min(1.0, there.get("GPU", 0.0) / workers) if device == "cuda" else 0.0
    return {"CPU": max(1, there["CPU"] // workers), "GPU": gpus}


def changed(recipe: Recipe, values: dict[str, Any]) -> Recipe:
    """The recipe with other values of what is tuned."""
    augmentation = replace(recipe.augmentation, shift=values["shift"], noise=values["noise"])
    own = {name: values[name] for name in ("learning_rate", "weight_decay", "drop_path")}
    return replace(recipe, augmentation=augmentation, **own)


def values_of(recipe: Recipe) -> dict[str, Any]:
    """The recipe's own values of what is tuned."""
    own = {name: getattr(recipe, name) for name in ("learning_rate", "weight_decay", "drop_path")}
    return {**own, "shift": recipe.augmentation.shift, "noise": recipe.augmentation.noise}


def _train(
    values: dict[str, Any], tuning: RecipeTuning, images: tuple[LensTensors, LensTensors], device: str
) -> dict[str, Any]:
    """One training, in a process of its own."""
    recipe = changed(tuning.recipe, values)
    train, val = (split.to(torch.device(device)) for split in images)
    model = tuning.card.build(tuning.seed, recipe.drop_path)
    try:
        result = fit(model, train, val, recipe, seed=tuning.seed)
    except (UserError, RuntimeError) as error:  # a GPU without memory for it is a RuntimeError
        return {"auc": None, "failure": str(error).splitlines()[0]}
    return {"auc": result.best.val["auc"]}


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Ray Tune and Optuna from telling of every trial, which the progress bar does."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with environment_variables(QUIET):
            yield
    finally:
        optuna.logging.set_verbosity(level)
