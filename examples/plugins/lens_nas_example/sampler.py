"""A sampler: one of Optuna's that the toolkit does not name, quasi-random points."""

import warnings

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, QMCSampler

from nas.samplers import Space, register_sampler


def make(seed: int, space: Space | None) -> BaseSampler:
    """Return a sampler of Halton's sequence."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return QMCSampler(qmc_type="halton", seed=seed, warn_independent_sampling=False)


register_sampler("halton", make)
