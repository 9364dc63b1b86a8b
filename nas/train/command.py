"""The command ``python -m nas.train``: training one network."""

from rich.text import Text

import search_spaces
from nas.common.progress import say
from nas.common.screen import screen
from nas.common.settings import part
from nas.train.settings import TrainSettings
from nas.training.evaluation import evaluate
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.networks.averaging import SymmetryAverage
from nas.training.networks.card import ModelCard
from nas.training.networks.pretrained import read_weights
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.result import AVERAGED, write_result
from nas.training.spec import InitialWeights, TrainingSpec
from nas.training.tracked import tracked_epochs


def run(settings: TrainSettings) -> None:
    """Train the network, print its scores and write ``result.json``."""
    device = pick_device(settings.device)
    images = TrainingImages.open(settings.data, settings)
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
        f"{card.model} with {parameters:,} parameters, {len(images.splits.train):,} images to "
        f"learn from, {directory}"
    )
    with tracked_epochs(settings.track, directory, spec.to_json()) as on_epoch:
        result = spec.fit(model, images.train(device), images.val(device), directory, on_epoch)
    averaged = evaluate(SymmetryAverage(result.model), images.val(device)).auc
    _report(result, spec.recipe, averaged)
    more = {"parameters": parameters, AVERAGED: averaged}
    write_result(directory, spec.to_json(), result, images, **more)


def _card(settings: TrainSettings, images: TrainingImages) -> ModelCard:
    if settings.model is not None:
        return images.card(settings.model)
    architecture = search_spaces.find_architecture(settings.architecture or "", settings.space)
    return images.card(architecture.space, str(architecture))


def _report(result: Result, recipe: Recipe, averaged: float) -> None:
    """Print the scores of the best epoch, and what averaging over symmetries makes of its AUC."""
    best = result.best
    classes = ", ".join(
        f"{name.removeprefix('auc_')} {value:.4f}"
        for name, value in best.val.items()
        if name.startswith("auc_")
    )
    screen().print(
        Text.assemble(
            "validation AUC ",
            (f"{best.val['auc']:.4f}", "bold"),
            f" ({classes}), accuracy {best.val['accuracy']:.1%}, epoch {best.epoch} of "
            f"{recipe.epochs}; AUC averaged over the symmetries of the image {averaged:.4f}",
        ),
        soft_wrap=True,
    )
