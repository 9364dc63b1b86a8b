"""The one training loop, for any network and images that live on its device."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from nas.common.artefacts import short
from nas.common.errors import UserError
from nas.common.memory import keep_memory
from nas.data.tensors import LensTensors
from nas.training.bar import training_bar
from nas.training.calibration import calibration_batches
from nas.training.course import last_epoch, turn
from nas.training.epoch import train_epoch
from nas.training.files import TrainingFiles
from nas.training.metrics import NonFiniteError
from nas.training.networks.checkpoint import load_checkpoint, require_weights
from nas.training.optimisation import Optimisation
from nas.training.precision import autocast, threads
from nas.training.recipe import Recipe
from nas.training.record import EpochRecord, best_record
from nas.training.step import Step
from nas.training.task import scores_of, task_of
from search_spaces import recalibrate

Validate = Callable[[nn.Module, LensTensors], Mapping[str, float]]
"""What scores a network on validation images; ``auc``, or ``r2``, is among the names."""

OnEpoch = Callable[[EpochRecord], None]
"""What is called after each epoch with its record."""


@dataclass(frozen=True)
class Result:
    """The outcome of a training.

    Attributes:
        model: network with the weights of the best epoch, in evaluation mode.
        best: record of the epoch with the highest validation AUC, or R² of a regression.
        epochs: records of all epochs.
    """

    model: nn.Module
    best: EpochRecord
    epochs: tuple[EpochRecord, ...]

    @property
    def seconds(self) -> float:
        """The seconds that were spent on training, without scoring."""
        return round(sum(record.seconds for record in self.epochs), 1)


def validation_scores(train: LensTensors) -> Validate:
    """Return what tells the usual scores of an epoch.

    They are AUC, accuracy, loss and the AUC of each class, or R² and mean absolute error.

    BatchNorm statistics are taken from training images first. While weights move fast, the moving
    averages of a training lag behind them and jump with the last batches, and the validation AUC of
    early epochs says little (Wu and Johnson 2021, arXiv 2105.07576).
    """
    batches = calibration_batches(train)

    def validate(model: nn.Module, val: LensTensors) -> dict[str, float]:
        recalibrate(model, batches)
        return scores_of(model, val)

    return validate


def fit(
    model: nn.Module,
    train: LensTensors,
    val: LensTensors,
    recipe: Recipe,
    *,
    seed: int = 0,
    files: TrainingFiles | None = None,
    step: Step | None = None,
    validate: Validate | None = None,
    shown: Sequence[str] = (),
    on_epoch: OnEpoch | None = None,
) -> Result:
    """Train a network, and return it with the weights of the epoch that validation chose.

    On a CPU the outcome depends on the arguments, the initial weights, the versions and the number
    of threads, and on nothing else: a training that was killed and called again with the same
    directory ends with the same bits as an unbroken one. The global random state is left as it was
    found.

    Args:
        model: any network; it is moved to the device of the images and changed in place.
        train: images to learn from.
        val: images that choose the epoch, on the same device as those to learn from.
        recipe: how to train. Its ``drop_path`` is not applied here, but by whoever built the
            network.
        seed: seed of the order of the images, the augmentation, and dropout.
        files: files for the state, the best weights and the log, with the spec of the training;
            None keeps everything in memory.
        step: what happens to a batch; None is cross-entropy of the labels, or the squared error of
            a target.
        validate: what scores the network on ``val`` after each epoch; it must return ``auc`` or
            ``r2`` among its numbers. None is :func:`validation_scores`.
        shown: names of the numbers of ``validate`` that the progress bar shows; none for the one
            that chooses the epoch.
        on_epoch: function that is called after each epoch, when its files are written. A resumed
            training first calls it for the epochs of the earlier, killed call, so that whoever
            listens hears of every epoch.

    Raises:
        NonFiniteError: a loss or a score is not a number.
        UserError: the directory belongs to another training, the network does not fit the classes,
            the validation images lack a class, or the recipe does not fit the task.

    Example:
        >>> import torch
        >>> from nas.data.tensors import LensTensors
        >>> from nas.training.loop import fit
        >>> from nas.training.recipe import Recipe
        >>> _ = torch.manual_seed(0)
        >>> labels = torch.arange(64) % 2
        >>> images = torch.randn(64, 1, 8, 8) + 2 * labels.reshape(-1, 1, 1, 1)
        >>> data = LensTensors(images, labels, ("no_sub", "subhalo"))
        >>> network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 2))
        >>> result = fit(network, data, data, Recipe(epochs=3, learning_rate=0.02))
        >>> len(result.epochs), result.best.val["auc"] > 0.9
        (3, True)
    """
    if seed < 0:
        raise UserError(f"--seed {seed} cannot be used: give 0 or more")
    task = task_of(train)
    task.check(task.truth(val))
    keep_memory()
    device = train.images.device
    model.to(device)
    if recipe.channels_last:
        model.to(memory_format=torch.channels_last)
    steps = recipe.steps(len(train))
    optimisation = Optimisation(model, recipe, steps)
    records, best_weights = _resume(files, optimisation)
    tell = on_epoch or (lambda record: None)
    for record in records:
        tell(record)
    precision = autocast(recipe.amp, model, device)
    validate = validate or validation_scores(train)
    step = step or task.step(precision, recipe)
    stepped: nn.Module = torch.compile(model) if recipe.compile else model  # type: ignore[assignment]
    with (
        torch.random.fork_rng([device] if device.type == "cuda" else []),
        threads(model, device),
        training_bar(recipe.epochs, steps // recipe.epochs, records, shown) as bar,
    ):
        while len(records) < (last := _follow(recipe, records, optimisation)):
            bar.until(last)
            epoch = len(records) + 1
            generator = _seed_epoch(seed, epoch, device)
            batches = train.shuffled(recipe.batch_size, generator, recipe.augmentation)
            rate, start = optimisation.learning_rate, time.perf_counter()
            with _located(epoch, files):
                loss = train_epoch(optimisation, stepped, batches, step, bar)
                seconds = time.perf_counter() - start
                scores = dict(validate(optimisation.scored, val))
            records.append(EpochRecord(epoch, optimisation.updates, loss, rate, seconds, scores))
            best_weights = _keep(files, optimisation, records) or best_weights
            bar.epochs(records)
            tell(records[-1])
    model.load_state_dict(best_weights)
    return Result(model.eval(), best_record(records), tuple(records))


def _follow(recipe: Recipe, records: Sequence[EpochRecord], optimisation: Optimisation) -> int:
    """Let the learning rate fall where its time has come; return the last epoch as now known."""
    last = last_epoch(recipe, records)
    if (turned := turn(recipe, records)) is not None and turned.epoch < last:
        steps = records[0].updates
        optimisation.fall(turned.epoch * steps, last * steps)
    return last


def _resume(
    files: TrainingFiles | None, optimisation: Optimisation
) -> tuple[list[EpochRecord], dict[str, Tensor]]:
    """Go back to where an earlier call came; return its epochs and the weights of the best one."""
    saved = files.read() if files is not None else None
    if files is None or saved is None:
        return [], {}
    checkpoint, records = saved
    try:
        optimisation.restore(checkpoint.tensors, records[-1].updates)
    except (RuntimeError, LookupError, ValueError) as error:
        raise UserError(
            f"{files.state} is not the state of this network ({short(error)}): remove it, and the "
            "training begins anew"
        ) from error
    weights = _best_weights(optimisation, records)
    # The outcome is written again, since the kill may have come between it and the state.
    files.write_outcome(weights, records)
    if weights is None:
        best = load_checkpoint(files.model)
        require_weights(optimisation.scored, best, files.model, "the network")
        weights = best.tensors
    return records, weights


def _keep(
    files: TrainingFiles | None, optimisation: Optimisation, records: list[EpochRecord]
) -> dict[str, Tensor] | None:
    """Write down the last epoch, and return its weights if it is the best so far."""
    weights = _best_weights(optimisation, records)
    if files is not None:
        files.write_state(optimisation.state(), records)
        files.write_outcome(weights, records)
    return weights


def _best_weights(
    optimisation: Optimisation, records: list[EpochRecord]
) -> dict[str, Tensor] | None:
    """Return a copy of the weights if the last epoch is the best so far."""
    if best_record(records) is not records[-1]:
        return None
    return {
        name: tensor.detach().clone() for name, tensor in optimisation.scored.state_dict().items()
    }


def _seed_epoch(seed: int, epoch: int, device: torch.device) -> torch.Generator:
    """Seed dropout, and return the generator that orders and augments the images.

    Both depend on nothing but the seed and the epoch, so that a resumed training draws the same.
    """
    own, everywhere = np.random.SeedSequence([seed, epoch]).generate_state(2, np.uint64).tolist()
    torch.manual_seed(everywhere)
    return torch.Generator(device).manual_seed(own)


@contextmanager
def _located(epoch: int, files: TrainingFiles | None) -> Iterator[None]:
    """Say in which epoch a loss or score was not a number, what is left, and what to do."""
    try:
        yield
    except NonFiniteError as error:
        left = (
            f"{files.state} holds epoch {epoch - 1}"
            if files is not None and epoch > 1
            else "no checkpoint was written"
        )
        raise NonFiniteError(
            f"in epoch {epoch} {error} ({left}): lower --learning-rate, or clip with --clip-grad"
        ) from error
