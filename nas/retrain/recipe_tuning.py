"""Tuning a recipe for one network: Optuna's TPE proposes, Ray Tune trains, validation judges."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import TPESampler
from optuna.trial import TrialState

from nas.cluster.connection import cluster, share_out
from nas.cluster.jobs import Failure, Jobs
from nas.cluster.options import WorkerOptions
from nas.cluster.tune import run_all
from nas.common.errors import UserError
from nas.common.files import make_directory
from nas.common.progress import progress
from nas.data.tensors import LensTensors
from nas.search.storage import open_storage
from nas.training.loop import fit
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec

_STUDY = "recipe"


@dataclass(frozen=True)
class RecipeTuning:
    """A recipe for a network, found by trying.

    Only trainings that ended are in the study, so that one which was interrupted is done again.
    Where recipes are tried one at a time, a tuning that was killed comes to the same recipe as an
    unbroken one.

    Attributes:
        spec: the network, the recipe that is tried first, and the seed of the proposals and of
            every training.
        directory: directory of the study.
    """

    spec: TrainingSpec
    directory: Path

    def run(
        self,
        train: LensTensors,
        val: LensTensors,
        trainings: int,
        options: WorkerOptions,
    ) -> Recipe:
        """Return the recipe with the highest validation AUC, or R².

        Args:
            train: images to learn from, on the CPU.
            val: images that choose the recipe, on the CPU.
            trainings: how many recipes are tried, including those of an earlier call.
            options: who trains, and where.

        Raises:
            UserError: no recipe could be trained.
        """
        make_directory(self.directory)
        storage = open_storage(f"sqlite:///{(self.directory / 'study.db').absolute()}")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        history = optuna.create_study(
            storage=storage, study_name=_STUDY, direction="maximize", load_if_exists=True
        )
        done = len(history.trials)
        if done < trainings:
            with (
                cluster(options.ray_address),
                progress("tuning the recipe", trainings, "trainings", done) as advance,
            ):
                recipes = _Recipes(self, history, trainings, advance)
                run_all(recipes, _Trainers(self.spec, train, val), share_out(options))
        if not any(trial.state is TrialState.COMPLETE for trial in history.trials):
            reason = history.trials[0].user_attrs["failure"]
            model = self.spec.card.model
            raise UserError(
                f"no recipe could be trained for {model} ({reason}): give another with the flags"
            )
        return changed(self.spec.recipe, history.best_params)

    def space(self) -> dict[str, BaseDistribution]:
        """Return the settings that are tuned, and how far they may be from the recipe's."""
        recipe = self.spec.recipe
        return {
            "learning_rate": FloatDistribution(
                recipe.learning_rate / 10, recipe.learning_rate * 10, log=True
            ),
            "weight_decay": FloatDistribution(0.0, max(0.2, 2 * recipe.weight_decay)),
            "drop_path": FloatDistribution(0.0, max(0.3, recipe.drop_path)),
            "shift": IntDistribution(0, max(4, recipe.augmentation.shift)),
            "noise": FloatDistribution(0.0, max(0.2, recipe.augmentation.noise)),
        }


class _Recipes(Jobs[optuna.trial.FrozenTrial, float]):
    """Recipes as jobs.

    A study in memory, which begins with the history, proposes; the history has what ended.
    """

    def __init__(
        self,
        tuning: RecipeTuning,
        history: optuna.Study,
        trainings: int,
        advance: Callable[[int], None],
    ) -> None:
        self._tuning, self._history = tuning, history
        self._trainings, self._advance = trainings, advance
        self._study = optuna.create_study(direction="maximize")
        self._study.add_trials(history.trials)
        if not history.trials:
            self._study.enqueue_trial(values_of(tuning.spec.recipe))
        self._asked: dict[int, optuna.Trial] = {}
        self._proposed = len(history.trials)

    def next(self) -> optuna.trial.FrozenTrial | None:
        if self._proposed >= self._trainings:
            return None
        # A proposal depends only on the proposals before it and on their number.
        seed = np.random.SeedSequence(
            [self._tuning.spec.seed, len(self._study.trials)]
        ).generate_state(1)[0]
        self._study.sampler = TPESampler(seed=int(seed))
        trial = self._study.ask(self._tuning.space())
        self._asked[trial.number] = trial
        self._proposed += 1
        return self._study.trials[trial.number]

    @property
    def done(self) -> bool:
        return self._proposed >= self._trainings and not self._asked

    def settle(self, job: optuna.trial.FrozenTrial, outcome: float, stopped: bool) -> None:
        self._write_down(job, outcome, TrialState.COMPLETE)

    def fail(self, job: optuna.trial.FrozenTrial, failure: Failure) -> None:
        self._asked[job.number].set_user_attr("failure", failure.reason)
        self._write_down(job, None, TrialState.FAIL)

    def _write_down(
        self, job: optuna.trial.FrozenTrial, value: float | None, state: TrialState
    ) -> None:
        self._history.add_trial(self._study.tell(self._asked.pop(job.number), value, state))
        self._advance(1)


@dataclass(frozen=True)
class _Trainers:
    """The network and the images that a worker needs to try recipes."""

    spec: TrainingSpec
    train: LensTensors
    val: LensTensors

    def worker(self, device: torch.device) -> "_Trainers":
        return _Trainers(self.spec, self.train.to(device), self.val.to(device))

    def work(self, trial: optuna.trial.FrozenTrial) -> Iterator[tuple[float, bool]]:
        recipe = changed(self.spec.recipe, trial.params)
        model = self.spec.card.build(self.spec.seed, recipe.drop_path)
        yield fit(model, self.train, self.val, recipe, seed=self.spec.seed).best.score, True


def changed(recipe: Recipe, values: dict[str, Any]) -> Recipe:
    """Return the recipe with other values of the settings that are tuned."""
    augmentation = replace(recipe.augmentation, shift=values["shift"], noise=values["noise"])
    own = {name: values[name] for name in ("learning_rate", "weight_decay", "drop_path")}
    return replace(recipe, augmentation=augmentation, **own)


def values_of(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe's own values of the settings that are tuned."""
    own = {name: getattr(recipe, name) for name in ("learning_rate", "weight_decay", "drop_path")}
    return {**own, "shift": recipe.augmentation.shift, "noise": recipe.augmentation.noise}
