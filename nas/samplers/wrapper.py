"""A sampler around another one, to which it forwards Optuna's whole interface."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState


class SamplerWrapper(BaseSampler):
    """A sampler that passes every question about a trial on to another sampler.

    Subclasses say to which one, and change the answers that they want to change.
    """

    @abstractmethod
    def answering(self, trial: FrozenTrial, parameter: str = "") -> BaseSampler:
        """Return the sampler that answers a question about a trial.

        Args:
            trial: The trial in question.
            parameter: Name of the parameter in question; empty where the trial as a whole is.
        """

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        """Let the other sampler prepare the trial, as :class:`optuna.samplers.GridSampler` must."""
        self.answering(trial).before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Return the parameters that the other sampler proposes together."""
        return self.answering(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Return the parameters that the other sampler proposes together."""
        return self.answering(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Return the other sampler's value of one parameter."""
        return self.answering(trial, param_name).sample_independent(
            study, trial, param_name, param_distribution
        )

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        """Tell the other sampler what came of the trial.

        A sampler that has nothing left to propose stops :meth:`optuna.study.Study.optimize` here.
        Whoever asks and tells decides when to end: there the trial is settled, and later proposals
        are repetitions.
        """
        try:
            self.answering(trial).after_trial(study, trial, state, values)
        except RuntimeError as error:
            if not _is_stop_outside_of_optimize(error):
                raise


def _is_stop_outside_of_optimize(error: RuntimeError) -> bool:
    # Study.stop raises where nobody optimises, and there is no public way to ask beforehand. To
    # catch the error is what Optuna's documentation of GridSampler recommends
    # (https://github.com/optuna/optuna/issues/4121).
    return "`Study.stop`" in str(error)
