"""Train one network: ``python -m nas.train``."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

import search_spaces
from nas.cli import Command, main
from nas.data import ReadOptions
from nas.errors import UserError
from nas.files import write_json
from nas.progress import say
from nas.provenance import command, environment
from nas.tracking import TrackOptions, tracked_epochs
from nas.training import Recipe, Result, fit, pick_device
from nas.training.card import ModelCard
from nas.training.files import own_directory
from nas.training.images import TrainingImages
from nas.training.pretrained import StartOptions

NAME = "python -m nas.train"


@dataclass(frozen=True, kw_only=True)
class TrainSettings(ReadOptions, Recipe, StartOptions, TrackOptions):
    """Train one network, an architecture of a search space or a model of timm, and report its validation scores.

    The weights of the best epoch are kept in the run directory. The same command again continues a training that was
    interrupted, and ends with the same weights.
    """

    architecture: str | None = None
    """Architecture to train: one line of genes, or the name of one, for example coatnet_like."""
    space: str = "hybrid_nano"
    """Search space of the architecture."""
    model: str | None = None
    """Or a model of timm to train, by its name: resnet18."""
    data: Path | None = None
    """Directory of the data set."""
    run: Path | None = None
    """Directory for weights, log and result; by default one in results/runs that is named after the settings."""
    seed: int = 0
    """Seed of the first weights, the order of the images, and their augmentation."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        StartOptions.__post_init__(self)
        if (self.architecture is None) == (self.model is None):
            raise UserError("give either --architecture LINE or --model NAME, the one network to train")


def run(settings: TrainSettings) -> None:
    """Train the network, print its scores and write ``result.json``."""
    settings.require_tracker()
    device = pick_device(settings.device)
    recipe = Recipe.of(settings)
    images = TrainingImages.open(settings.data, settings)
    card = _card(settings, images)
    weights = settings.read(card.model)
    card = card.fitted(weights)
    model = card.build(settings.seed, recipe.drop_path, weights)
    about = {"data": images.dataset.fingerprint, "model": card.to_json()}
    if weights is not None:
        about["weights"] = weights.digest
    identity = {**about, "recipe": recipe.to_json(), "seed": settings.seed}
    directory = settings.run or own_directory(card.model, identity)
    parameters = sum(weight.numel() for weight in model.parameters())
    say(f"{card.model} with {parameters:,} parameters, {len(images.splits.train):,} images to learn from, {directory}")
    with tracked_epochs(settings.track, directory, identity) as on_epoch:
        result = fit(
            model,
            images.train(device),
            images.val(device),
            recipe,
            seed=settings.seed,
            directory=directory,
            about=about,
            on_epoch=on_epoch,
        )
    _report(result, recipe)
    outcome = {
        "command": command(),
        **about,
        "parameters": parameters,
        "images": {"train": len(images.splits.train), "val": len(images.splits.val), "made": list(images.splits.made)},
        "recipe": recipe.to_json(),
        "seed": settings.seed,
        "best": result.best.to_json(),
        "seconds": round(sum(record.seconds for record in result.epochs), 1),
        **environment(),
    }
    write_json(directory / "result.json", outcome)


def _card(settings: TrainSettings, images: TrainingImages) -> ModelCard:
    if settings.architecture is None:
        assert settings.model is not None  # the settings have one of them
        return images.card(settings.model)
    architecture = search_spaces.get_space(settings.space).parse(settings.architecture)
    return images.card(settings.space, str(architecture))


def _report(result: Result, recipe: Recipe) -> None:
    """Print the scores of the best epoch in one line, and its AUC by class in another."""
    best = result.best
    classes = ", ".join(
        f"{name.removeprefix('auc_')} {value:.4f}" for name, value in best.val.items() if name.startswith("auc_")
    )
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"validation AUC [bold]{best.val['auc']:.4f}[/bold] ({classes}), accuracy {best.val['accuracy']:.1%}, "
        f"epoch {best.epoch} of {recipe.epochs}"
    )


if __name__ == "__main__":
    main(NAME, Command(TrainSettings, run))
