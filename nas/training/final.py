"""The training that counts: validation chooses the epoch, and the test split is read once.

Everything is written down in the directory of the training:

    state, model, log     see :mod:`nas.training.files`
    predictions.parquet   see :mod:`nas.training.predictions`
    result.json           see :mod:`nas.training.result`

Where ``result.json`` stands, the test split was read, and it is not read again.
"""

from pathlib import Path

import torch
from torch import nn

from nas.common.files import room_for
from nas.common.provenance import Made, command, environment
from nas.training.course import turn
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch
from nas.training.precision import thread_count
from nas.training.result import RESULT, FinalScores, read_scores, write_scores
from nas.training.spec import TrainingSpec
from nas.training.task import task_of, tested


def check_test(images: TrainingImages) -> None:
    """Refuse a test split that has no scores, before anything is trained for it.

    Raises:
        UserError: the split lacks a class, or different values of the target.
    """
    task_of(images).check(images.truth(images.splits.test))


def train_and_test(
    spec: TrainingSpec,
    model: nn.Module,
    images: TrainingImages,
    *,
    directory: Path,
    device: torch.device,
    on_epoch: OnEpoch | None = None,
    asked_by: str | None = None,
    at_a_time: int = 1,
) -> FinalScores:
    """Train a network, and score it on the test images with the epoch that validation chose.

    The test images are scored once, however often the training is killed or repeated.

    Args:
        spec: spec of the training.
        model: network of the spec with its first weights.
        images: data set that the network is trained and tested on.
        directory: directory for the files; a training that was begun there goes on, and one that is
            finished is read.
        device: device to train on.
        on_epoch: function that is called for each epoch.
        asked_by: command line that asked for the training; None for that of this process.
        at_a_time: number of trainings that run at a time, this one among them.

    Raises:
        UserError: the directory belongs to another training, or what :func:`nas.training.loop.fit`
            raises.
    """
    val = images.val(device)
    trained = spec.fit(model, images.train(device), val, directory, on_epoch)
    if (directory / RESULT).exists():
        return read_scores(directory, spec)
    test, task = images.test(device), task_of(images)
    truth = images.truth(images.splits.test)
    answers, scored = tested(trained.model, test)
    with room_for(directory, "the same command judges the network"):
        task.write(directory, images.dataset, images.splits.test, truth, answers)
    here, turned = environment(), turn(spec.recipe, trained.epochs)
    scores = FinalScores(
        seed=spec.seed,
        validation=trained.best.val,
        test=scored,
        seconds=trained.seconds,
        epoch=trained.best.epoch,
        made=Made(
            device=device.type,
            threads=thread_count(model, device),
            at_a_time=at_a_time,
            hardware=here["hardware"],
            versions=here["versions"],
            commit=here["commit"],
        ),
        cut_off="" if turned is None else turned.cut_off,
        temperature=task.temperature(
            task.answers(trained.model, val), images.truth(images.splits.val)
        ),
    )
    with room_for(directory, "the same command judges the network"):
        write_scores(
            directory, spec, scores, model=model, images=images, asked_by=asked_by or command()
        )
    return scores
