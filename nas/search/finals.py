"""The finals of a search: its best candidates are trained whole, with several seeds.

What a search scores cheaply says who may be good; who is, a whole training says, and how sure that
is, the spread over seeds and images.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import make_directory
from nas.search.result import Candidate, Finalist, Finals
from nas.training.alone import Alone, Astray, predictions_of, train_alone
from nas.training.bootstrap import Bootstrap, Floats
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec

_SURE = 0.95
"""Probability from which on one network is called better than another."""


@dataclass(frozen=True)
class FinalTraining:
    """How finalists are trained.

    Attributes:
        count: Number of finalists.
        recipe: Recipe of their trainings.
        seeds: Number of trainings of each.
    """

    count: int
    recipe: Recipe
    seeds: int

    def run(
        self,
        candidates: Sequence[Candidate],
        card: ModelCard,
        images: TrainingImages,
        directory: Path,
        options: WorkerOptions,
    ) -> Finals:
        """Train the finalists, or go on where an earlier call stopped, and compare them.

        Ray is started where it does not run. Validation images choose; no test image is read.

        Args:
            candidates: Candidates of the search, the best first, each architecture once.
            card: Images and classes of the networks; it names no architecture.
            images: The data set.
            directory: Directory for trainings and their predictions.
            options: How many workers train, and where.

        Raises:
            UserError: The training of every finalist went astray.
        """
        make_directory(directory, "--run")
        chosen = candidates[: self.count]
        specs = [
            [
                TrainingSpec(
                    data=images.dataset.fingerprint,
                    card=replace(card, architecture=candidate.architecture),
                    recipe=self.recipe,
                    seed=seed,
                )
                for seed in range(self.seeds)
            ]
            for candidate in chosen
        ]
        # Seed by seed, so that what is stopped early compares as many finalists as it can.
        order = [spec for of_seed in zip(*specs, strict=True) for spec in of_seed]
        train, val = images.train(), images.val()
        done = train_alone(order, train, val, directory, options, predictions=True)
        outcomes = dict(zip((spec.digest for spec in order), done, strict=True))
        trained = {
            number: [outcomes[spec.digest] for spec in own] for number, own in enumerate(specs)
        }
        whole = [
            number
            for number, own in trained.items()
            if not any(isinstance(outcome, Astray) for outcome in own)
        ]
        if not whole:
            raise UserError(
                "the training of every finalist went astray: give a lower --learning-rate, or "
                "--finalists 0"
            )
        predictions = [
            [np.load(predictions_of(directory, spec)).astype(np.float64) for spec in specs[number]]
            for number in whole
        ]
        aucs = [
            tuple(own.outcome["auc"] for own in trained[number] if isinstance(own, Alone))
            for number in whole
        ]
        bootstrap = Bootstrap(val.labels.numpy(), len(val.classes))
        return compared([chosen[number] for number in whole], aucs, predictions, bootstrap, self)


def compared(
    candidates: Sequence[Candidate],
    aucs: Sequence[tuple[float, ...]],
    predictions: Sequence[Sequence[Floats]],
    bootstrap: Bootstrap,
    training: FinalTraining,
) -> Finals:
    """Return the finalists, the best first, and how sure it is that the best is better than each.

    Both the validation images and the seeds are drawn anew, for another set of either could have
    another order.

    Args:
        candidates: The finalists.
        aucs: Validation AUC of each by seed.
        predictions: Class probabilities (N, K) of the validation images of each by seed.
        bootstrap: Resamples of these images.
        training: How they were trained.
    """
    drawn = [_drawn(bootstrap, own) for own in predictions]
    order = sorted(range(len(candidates)), key=lambda i: -np.mean(aucs[i]))
    best = order[0]
    finalists = []
    for place in order:
        difference = drawn[best] - drawn[place]
        surety = float(np.mean(difference > 0) + np.mean(difference == 0) / 2)
        finalists.append(
            Finalist(
                trial=candidates[place].number,
                architecture=candidates[place].architecture,
                params=candidates[place].params,
                flops=candidates[place].flops,
                aucs=aucs[place],
                worse=None if place == best else surety,
            )
        )
    ties = [one for one in finalists if one.worse is None or one.worse < _SURE]
    cheapest = min(ties, key=lambda one: one.flops)
    return Finals(
        epochs=training.recipe.epochs, finalists=tuple(finalists), recommended=cheapest.trial
    )


def _drawn(bootstrap: Bootstrap, predictions: Sequence[Floats]) -> Floats:
    """Return the AUC (B) of as many seeds drawn at random in every resample of the images."""
    by_seed = np.stack([bootstrap.aucs([one]) for one in predictions])
    # The draws of seeds are the same for all networks of as many seeds, which does not matter:
    # their seeds have nothing in common.
    seeds = np.random.default_rng(len(by_seed)).integers(len(by_seed), size=by_seed.shape)
    mean: Floats = np.take_along_axis(by_seed, seeds, axis=0).mean(axis=0)
    return mean
