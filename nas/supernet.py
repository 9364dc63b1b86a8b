"""Train a supernet's shared weights: ``python -m nas.supernet``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console

from nas.cli import Command, main
from nas.data import ReadOptions
from nas.errors import UserError
from nas.files import write_json
from nas.lock import held
from nas.progress import say
from nas.provenance import command, environment
from nas.tracking import TrackOptions, tracked_epochs
from nas.training import Recipe, Result, pick_device
from nas.training.images import TrainingImages
from nas.training.sharing import Sharing
from nas.training.supernet import SupernetCard, SupernetTraining
from nas.training.together import train_together


@dataclass(frozen=True, kw_only=True)
class SupernetSettings(ReadOptions, Recipe, Sharing, TrackOptions):
    """Train the shared weights of all networks of a search space.

    The weights of the best epoch are kept in the run directory. The same command again continues a training that was
    interrupted, and ends with the same weights.
    """

    space: str = "hybrid_nano"
    """Search space of the supernet."""
    norm: Literal["batch", "group"] = "batch"
    """Normalisation of the convolutions; batch statistics are taken anew for each network that is scored."""
    data: Path | None = None
    """Directory of the data set."""
    run: Path | None = None
    """Directory for weights, log and result; by default one in results/runs that is named after the settings."""
    seed: int = 0
    """Seed of the first weights, the order of the images, their augmentation, and the random networks."""
    workers: int = 1
    """Processes that train together, each on its share of every batch; with several, the run directory must be one
    that all machines of the cluster see."""
    ray_address: str | None = None
    """Ray cluster for several workers; by default one on this machine for this command."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        Sharing.__post_init__(self)
        if self.workers < 1 or self.batch_size % self.workers:
            raise UserError(
                f"--workers {self.workers} cannot share batches of {self.batch_size} images: give a divisor of "
                "--batch-size"
            )


def run(settings: SupernetSettings) -> None:
    """Train the supernet, print its scores and write ``result.json``."""
    settings.require_tracker()
    device = pick_device(settings.device)
    images = TrainingImages.open(settings.data, settings)
    training = SupernetTraining(
        card=SupernetCard(images.card(settings.space), settings.norm),
        recipe=Recipe.of(settings),
        sharing=Sharing.within(settings),
        data=images.dataset.fingerprint,
        seed=settings.seed,
        workers=settings.workers,
        place=settings.run,
    )
    say(f"supernet of {settings.space}, {len(images.splits.train):,} images to learn from, {training.directory}")
    with held(training.directory, "trained", "--run"):
        with tracked_epochs(settings.track, training.directory, training.identity) as on_epoch:
            if settings.workers == 1:
                result = training.run(images.train(device), images.val(device), on_epoch=on_epoch)
            else:
                train, val = images.train(), images.val()
                result = train_together(training, train, val, device.type, settings.ray_address, on_epoch)
        _report(training, result, images)


def _report(training: SupernetTraining, result: Result, images: TrainingImages) -> None:
    """Print the scores of the kept epoch and write ``result.json`` beside its weights."""
    best = result.best
    Console(highlight=False, soft_wrap=True).print(
        f"validation AUC with shared weights: smallest network [bold]{best.val['auc_smallest']:.4f}[/bold], largest "
        f"[bold]{best.val['auc_largest']:.4f}[/bold], epoch {best.epoch} of {training.recipe.epochs}"
    )
    outcome = {
        "command": command(),
        **training.about,
        "images": {"train": len(images.splits.train), "val": len(images.splits.val)},
        "recipe": training.recipe.to_json(),
        "seed": training.seed,
        "best": best.to_json(),
        "seconds": round(sum(record.seconds for record in result.epochs), 1),
        **environment(),
    }
    write_json(training.directory / "result.json", outcome)


if __name__ == "__main__":
    main("python -m nas.supernet", Command(SupernetSettings, run))
