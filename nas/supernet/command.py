"""The command ``python -m nas.supernet``: training a supernet's shared weights."""

import shlex

from rich.text import Text

from nas.common.lock import held
from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.common.screen import screen
from nas.common.settings import part
from nas.supernet.settings import SupernetSettings
from nas.training.chance import CHANCE, warn_of_chance
from nas.training.images import TrainingImages
from nas.training.loop import Result
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.result import write_result
from nas.training.supernet.distributed import train_distributed
from nas.training.supernet.sharing import Sharing
from nas.training.supernet.training import SupernetCard, SupernetSpec, SupernetTraining
from nas.training.tracked import tracked_epochs


def run(settings: SupernetSettings) -> None:
    """Train the supernet, print its scores and write ``result.json``."""
    device = pick_device(settings.device)
    images = TrainingImages.open(settings.data, settings)
    spec = SupernetSpec(
        card=SupernetCard(images.card(settings.space), settings.norm),
        recipe=part(Recipe, settings),
        sharing=part(Sharing, settings),
        data=images.dataset.fingerprint,
        seed=settings.seed,
        workers=settings.workers,
    )
    training = SupernetTraining(spec, settings.run or spec.own_directory())
    say(
        f"supernet of {settings.space}, {len(images.splits.train):,} images to learn from, "
        f"{training.directory}"
    )
    with held(training.directory, "trained", "--run"):
        with tracked_epochs(settings.track, training.directory, spec.to_json()) as on_epoch:
            if settings.workers == 1:
                result = training.run(images.train(device), images.val(device), on_epoch=on_epoch)
            else:
                train, val = images.train(), images.val()
                result = train_distributed(
                    training, train, val, device.type, settings.ray_address, on_epoch
                )
        _report(training, result, images)


def _report(training: SupernetTraining, result: Result, images: TrainingImages) -> None:
    """Print the scores of the kept epoch and write ``result.json`` beside its weights."""
    best = result.best
    screen().print(
        Text.assemble(
            "validation AUC with shared weights: smallest network ",
            (f"{best.val['auc_smallest']:.4f}", "bold"),
            ", largest ",
            (f"{best.val['auc_largest']:.4f}", "bold"),
            f", epoch {best.epoch} of {training.spec.recipe.epochs}; chance is {CHANCE}",
        ),
        soft_wrap=True,
    )
    write_result(training.directory, training.spec.to_json(), result, images)
    dataset = images.dataset
    warn_of_chance(
        "the supernet's validation AUC",
        best.val["auc_largest"],
        dataset.labels[images.splits.val],
        len(dataset.classes),
    )
    path = shlex.quote(str(training.directory))
    data = shlex.quote(str(dataset.directory))
    show_next(
        {
            "Search it": f"search --supernet {path} --data {data}",
            "See whether it ranks well": f"fidelity --supernet {path} --data {data}",
        }
    )
