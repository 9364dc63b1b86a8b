"""The finals of a search: its best candidates are trained again, with several other seeds.

The best score of many candidates is partly luck; who is good, trainings say whose luck chose
nothing, and how sure that is, the spread over seeds and images.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import make_directory
from nas.search.result import Candidate, Finalist, Finals
from nas.training.alone import Alone, Astray, kept_predictions, train_alone
from nas.training.bootstrap import RESAMPLES, Floats
from nas.training.images import TrainingImages
from nas.training.networks.card import ModelCard
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec
from nas.training.task import task_of

SURE = 0.95
"""Probability from which on one network is called better than another."""


@dataclass(frozen=True)
class FinalTraining:
    """How finalists are trained.

    Attributes:
        count: Number of finalists.
        recipe: Recipe of their trainings.
        seeds: Seeds of their trainings, none of which the search used: the luck of a seed that made
            a candidate a finalist must not count again.
    """

    count: int
    recipe: Recipe
    seeds: tuple[int, ...]

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
                for seed in self.seeds
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
            [kept_predictions(directory, spec) for spec in specs[number]] for number in whole
        ]
        scores = [
            tuple(own.score for own in trained[number] if isinstance(own, Alone))
            for number in whole
        ]
        task = task_of(val)
        resampled = task.resampled(task.truth(val))
        found = [chosen[number] for number in whole]
        return compared(found, scores, predictions, resampled, self.recipe.epochs)


def compared(
    candidates: Sequence[Candidate],
    scores: Sequence[tuple[float, ...]],
    predictions: Sequence[Sequence[Floats]],
    resampled: Callable[[Sequence[Floats]], Floats],
    epochs: int,
) -> Finals:
    """Return the finalists, the best first, and how sure it is that the best is better than each.

    Another set of validation images or of seeds could have another order. Images are drawn anew,
    the same for all networks. Two seeds of a network say little of how far its seeds spread, so
    that the variance of all finalists is pooled, and what it does to a mean over seeds follows
    Student's t. With one seed the images alone count.

    Args:
        candidates: The finalists.
        scores: Validation AUC, or R², of each by seed.
        predictions: What each says of the validation images by seed: class probabilities (N, K), or
            numbers (N,).
        resampled: Tells the mean score over the seeds in every resample (B,) of these images.
        epochs: Passes over the training images.
    """
    drawn = [resampled(own) + noise for own, noise in zip(predictions, _noise(scores), strict=True)]
    order = sorted(range(len(candidates)), key=lambda i: -np.mean(scores[i]))
    best = order[0]
    finalists = [
        Finalist(
            trial=candidates[place].number,
            architecture=candidates[place].architecture,
            params=candidates[place].params,
            flops=candidates[place].flops,
            worse=None if place == best else _share_above(drawn[best], drawn[place]),
            **{"r2" if candidates[place].auc is None else "aucs": scores[place]},
        )
        for place in order
    ]
    ties = [one for one in finalists if one.worse is None or one.worse < SURE]
    cheapest = min(ties, key=lambda one: one.flops)
    return Finals(epochs=epochs, finalists=tuple(finalists), recommended=cheapest.trial)


def _noise(scores: Sequence[tuple[float, ...]]) -> list[Floats]:
    """Return what other seeds would do to the mean score of each network, in every resample (B)."""
    seeds, rng = len(scores[0]), np.random.default_rng(0)
    if seeds == 1:
        return [np.zeros(RESAMPLES) for _ in scores]
    spread = np.sqrt(np.mean([np.var(own, ddof=1) for own in scores]) / seeds)
    return [spread * rng.standard_t(len(scores) * (seeds - 1), RESAMPLES) for _ in scores]


def _share_above(first: Floats, second: Floats) -> float:
    return float(np.mean(first > second) + np.mean(first == second) / 2)
