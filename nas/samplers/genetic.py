"""Optuna's NSGA-II as a function of the history."""

from optuna.samplers import NSGAIISampler
from optuna.study import Study
from optuna.trial import FrozenTrial


class OrderedNSGAIISampler(NSGAIISampler):
    """NSGA-II whose parents stand in the order of their trials.

    Optuna selects the parents of a generation once and notes them in the study. From there they
    come back in another order than from the selection, and a search that was resumed, which must
    select again, would draw other couples.
    """

    def get_parent_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Return the parents of a generation, by their trials' numbers."""
        return sorted(
            super().get_parent_population(study, generation), key=lambda trial: trial.number
        )
