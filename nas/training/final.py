"""The training that counts: epochs chosen on validation, then one look at the test split, and all
of it written down.

state.safetensors, model.safetensors, log.csv   see :mod:`nas.training.files`
predictions.parquet                             see :mod:`nas.training.predictions`
result.json                                     see :mod:`nas.training.result`; where it stands, the test was read
"""

from pathlib import Path

import torch
from torch import nn

from nas.common.files import room_for
from nas.common.provenance import Made, command, environment
from nas.training.evaluation import predict
from nas.training.images import TrainingImages
from nas.training.loop import OnEpoch
from nas.training.metrics import check_labels, score
from nas.training.precision import thread_count
from nas.training.predictions import write_predictions
from nas.training.result import RESULT, FinalScores, read_scores, write_scores
from nas.training.spec import TrainingSpec


def check_test(images: TrainingImages) -> None:
    """Refuse a test split that lacks a class, before anything is trained for it."""
    check_labels(images.dataset.labels[images.splits.test], images.dataset.classes)


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
    """Train a network, and score the epoch that validation chose on the test images: once, whatever
    happens.

    Args:
        spec: what is trained, and how.
        model: its network with its first weights.
        images: its data set.
        directory: for its files; what was begun there goes on, what is finished is read.
        device: where to train.
        on_epoch: called for each epoch.
        asked_by: command line that asked for it, where that is not this process's.
        at_a_time: how many trainings run at a time, this one among them.

    Raises:
        UserError: the directory belongs to another training, or what :func:`nas.training.loop.fit`
            raises.
    """
    trained = spec.fit(model, images.train(device), images.val(device), directory, on_epoch)
    if (directory / RESULT).exists():
        return read_scores(directory, spec)
    test = images.test(device)
    probabilities = predict(trained.model, test)
    with room_for(directory, "the same command judges the network"):
        write_predictions(directory, images.dataset, images.splits.test, probabilities)
    here = environment()
    scores = FinalScores(
        seed=spec.seed,
        validation=trained.best.val,
        test=score(probabilities, test.labels.cpu().numpy(), test.classes).to_json(),
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
    )
    with room_for(directory, "the same command judges the network"):
        write_scores(
            directory, spec, scores, model=model, images=images, asked_by=asked_by or command()
        )
    return scores
