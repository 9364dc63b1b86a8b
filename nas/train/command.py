"""The command ``python -m nas.train``: training one network."""

import io
import shlex
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich.text import Text
from torch import nn

import search_spaces
from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.common.screen import screen
from nas.common.settings import part
from nas.costs import params_words
from nas.data.tensors import LensTensors
from nas.train.settings import TrainSettings
from nas.training.bootstrap import interval_of
from nas.training.chance import interval_words
from nas.training.deciding import AVERAGED, CALLED, averaged_name, deciding
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.networks.card import ModelCard
from nas.training.networks.classifier import Classifier
from nas.training.networks.pretrained import read_weights
from nas.training.networks.regressor import Regressor
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.record import to_csv
from nas.training.result import write_result
from nas.training.spec import InitialWeights, TrainingSpec
from nas.training.task import scores_of, task_of
from nas.training.tracked import tracked_epochs


def run(settings: TrainSettings) -> None:
    """Train the network, print its scores and write ``result.json``."""
    _report(train_network(settings))


@dataclass(frozen=True, repr=False)
class Trained:
    """A network that was trained, with its validation scores.

    Attributes:
        directory: directory of weights, log and result.
        card: what the network is, and what its images are.
        result: all epochs, and the network with the weights of the best one.
        scores: validation scores of the best epoch by name; ``averaged_auc``, or ``averaged_r2``,
            is that of answers which are averaged over the symmetries of the image.
        interval: 95 % bootstrap interval of the validation AUC, or R², over the images.
    """

    directory: Path
    card: ModelCard
    result: Result
    scores: dict[str, float]
    interval: tuple[float, float]

    def __repr__(self) -> str:
        best, epochs = self.result.best, len(self.result.epochs)
        return (
            f"Trained({self.card.model}, {self.parameters:,} parameters: validation "
            f"{CALLED[deciding(best.val)]} {best.score:.4f} in epoch {best.epoch} of {epochs}; "
            f"{self.directory})"
        )

    @property
    def parameters(self) -> int:
        """Number of weights of the network."""
        return sum(weight.numel() for weight in self.network.parameters())

    @property
    def averaged_auc(self) -> float:
        """Validation AUC of class probabilities that are averaged over the symmetries."""
        return self.scores[AVERAGED]

    @property
    def epochs(self) -> pd.DataFrame:
        """Loss and validation scores of every epoch, a row each."""
        return pd.read_csv(io.StringIO(to_csv(self.result.epochs)), index_col="epoch")

    @property
    def checkpoint(self) -> Path:
        """The ``model.safetensors`` with the weights of the best epoch."""
        return self.directory / "model.safetensors"

    @property
    def network(self) -> nn.Module:
        """The network alone, which takes normalised images; a model of timm."""
        return self.result.model

    @property
    def classifier(self) -> Classifier:
        """The network from the pixels of a file to class probabilities."""
        return Classifier(self.network, self.card)

    @property
    def regressor(self) -> Regressor:
        """The network from the pixels of a file to the target of a regression."""
        return Regressor(self.network, self.card)


def train_network(settings: TrainSettings) -> Trained:
    """Train the network, or go on with a training that was begun, and write ``result.json``.

    Raises:
        UserError: the data set or the weights cannot be read, or the network not be built for it.
        search_spaces.SpaceError: there is no such architecture.
    """
    device = pick_device(settings.device)
    images = TrainingImages.open(settings.data, settings, settings.target)
    card = _card(settings, images)
    weights = read_weights(settings, card.model)
    spec = TrainingSpec(
        data=images.dataset.fingerprint,
        card=card.fitted(weights),
        recipe=part(Recipe, settings),
        seed=settings.seed,
        initial=InitialWeights("weights", weights.digest) if weights is not None else None,
    )
    model = spec.build(weights)
    directory = settings.run or spec.own_directory()
    parameters = sum(weight.numel() for weight in model.parameters())
    say(
        f"{card.model} with {params_words(parameters, card.untied_params)}, "
        f"{len(images.splits.train):,} images to learn from, {directory}"
    )
    with tracked_epochs(settings.track, directory, spec.to_json()) as on_epoch:
        result = spec.fit(model, images.train(device), images.val(device), directory, on_epoch)
    return _judged(directory, spec, result, images, images.val(device))


def _judged(
    directory: Path, spec: TrainingSpec, result: Result, images: TrainingImages, val: LensTensors
) -> Trained:
    """Score the network once more, averaged over symmetries, and write ``result.json``."""
    task, truth = task_of(images), images.truth(images.splits.val)
    averaged = scores_of(task.averaged(result.model), val)[task.decides]
    more = {averaged_name(task.decides): averaged}
    answers = task.answers(result.model, val)
    write_result(
        directory,
        spec.to_json(),
        result,
        images,
        parameters=sum(weight.numel() for weight in result.model.parameters()),
        temperature=task.temperature(answers, truth),
        **more,
    )
    task.warn_of_chance("the validation", result.best.score, truth)
    interval = interval_of(task.resampled(truth)([answers]))
    return Trained(directory, spec.card, result, {**result.best.val, **more}, interval)


def _card(settings: TrainSettings, images: TrainingImages) -> ModelCard:
    if settings.model is not None:
        return images.card(settings.model)
    architecture = search_spaces.find_architecture(settings.architecture or "", settings.space)
    return images.card(architecture.space, str(architecture))


def _report(trained: Trained) -> None:
    """Print the scores of the best epoch, and what averaging over symmetries makes of them."""
    best, task = trained.result.best, task_of(trained.card)
    called, averaged = CALLED[task.decides], trained.scores[averaged_name(task.decides)]
    screen().print(
        Text.assemble(
            f"validation {called} ",
            (f"{best.score:.4f}", "bold"),
            f"{_details(trained)}, epoch {best.epoch} of {len(trained.result.epochs)}; {called} "
            f"averaged over the symmetries of the image {averaged:.4f}\n"
            f"{interval_words(trained.interval)} over the validation images, which also chose the "
            f"epoch; {task.chance}",
        ),
        soft_wrap=True,
    )
    network = shlex.quote(str(trained.checkpoint))
    target = trained.card.target
    if target is not None:
        show_next({f"Read {target.name} off images": f"predict --checkpoint {network} --data DIR"})
        return
    show_next(
        {
            "Classify images": f"predict --checkpoint {network} --data DIR",
            "Write it as ONNX": f"export --checkpoint {network} --onnx network.onnx",
        }
    )


def _details(trained: Trained) -> str:
    """Return the scores beside the one that chose the epoch."""
    val, target = trained.result.best.val, trained.card.target
    if target is not None:
        return f", mean absolute error {target.words(val['mae'])}"
    classes = ", ".join(
        f"{name.removeprefix('auc_')} {value:.4f}"
        for name, value in val.items()
        if name.startswith("auc_")
    )
    return f" ({classes}), accuracy {val['accuracy']:.1%}"
