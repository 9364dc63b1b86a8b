"""Train architectures from scratch, several times, and judge them on the test split: ``python -m nas.retrain``."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table
from torch import nn

import search_spaces
from nas.chosen import Chosen
from nas.cli import Command, main
from nas.constraints import Costs
from nas.data import ReadOptions
from nas.errors import UserError
from nas.files import write_json
from nas.progress import say
from nas.provenance import command, environment
from nas.recipe_tuning import RecipeTuning
from nas.run_directory import RUNS
from nas.shared_weights import file_digest
from nas.tracking import TrackOptions, tracked_epochs
from nas.training import Recipe, pick_device
from nas.training.files import short_digest
from nas.training.final import Repeated, check_test, train_and_test
from search_spaces import Architecture

NAME = "python -m nas.retrain"


@dataclass(frozen=True, kw_only=True)
class RetrainSettings(ReadOptions, Recipe, TrackOptions):
    """Train the best architectures of a search from scratch, several times, and report their scores on the test split.

    Validation chooses the epoch; the test split is read once for each trained network. The same command again
    continues what was interrupted, and ends with the same weights.
    """

    run: Path | None = None
    """Directory of the search; by default the newest in results/runs."""
    top: int = 1
    """How many of the search's best architectures, by validation AUC."""
    architecture: str | None = None
    """An architecture to train instead: one line of genes, or a name; with --run on the data of that search."""
    space: str = "hybrid_nano"
    """Search space of the architecture, where there is no --run."""
    data: Path | None = None
    """Directory of the data set, where there is no --run or its data set was moved; that of a run is read as the search
    read it."""
    seeds: int = 3
    """Trainings of each architecture."""
    seed: int = 0
    """Seed of the first of them; the others follow."""
    init: Literal["scratch", "supernet"] = "scratch"
    """First weights: random ones, or those that the architecture inherits from the supernet of the search."""
    tune: int = 0
    """Recipes to try first, on validation images with the best architecture: learning rate, weight decay, drop path and
    augmentation."""
    workers: int = 1
    """Recipes to try at a time."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        for name, least in (("top", 1), ("seeds", 1), ("workers", 1), ("tune", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise UserError(f"--{name} {getattr(self, name)} cannot be used: give {least} or more")


@dataclass(frozen=True)
class Retrained:
    """All trainings of one architecture: their directory, its line, parameters, FLOPs of one image, and scores."""

    directory: Path
    architecture: str
    params: int
    flops: int
    scores: Repeated


def run(settings: RetrainSettings) -> None:
    """Train, print the scores, and write weights, predictions and ``summary.json``."""
    settings.require_tracker()
    device = pick_device(settings.device)
    chosen = _choose(settings)
    check_test(chosen.images)
    base = chosen.run.path / "retrain" if chosen.run is not None else RUNS / "retrain"
    recipe = _recipe(settings, chosen, base, device.type)
    results = []
    for architecture in chosen.architectures:
        training = _Training(settings, chosen, architecture, recipe, base)
        trainings = []
        for number, seed in enumerate(range(settings.seed, settings.seed + settings.seeds), start=1):
            directory = training.directory / f"seed-{seed}"
            say(f"seed {seed} ({number} of {settings.seeds}), {directory}")
            identity = {**training.about, "recipe": recipe.to_json(), "seed": seed}
            with tracked_epochs(settings.track, directory, identity) as on_epoch:
                scores = train_and_test(
                    training.build(seed),
                    chosen.images,
                    recipe,
                    seed=seed,
                    directory=directory,
                    about=training.about,
                    device=device,
                    on_epoch=on_epoch,
                )
            trainings.append(scores)
        results.append(training.summarise(Repeated(tuple(trainings))))
    _show(results)


def _choose(settings: RetrainSettings) -> Chosen:
    if settings.run is None and settings.architecture is not None:
        if settings.init == "supernet":
            raise UserError("--init supernet needs the supernet of a search: give its --run")
        return Chosen.by_line(settings.space, settings.architecture, settings.data, settings)
    return Chosen.from_run(settings.run, settings.top, settings.architecture, settings.data)


def _recipe(settings: RetrainSettings, chosen: Chosen, base: Path, device: str) -> Recipe:
    recipe = Recipe.of(settings)
    if not settings.tune:
        return recipe
    card = chosen.images.card(chosen.space, str(chosen.architectures[0]))
    identity = {"data": chosen.images.dataset.fingerprint, "model": card.to_json(), "recipe": recipe.to_json()}
    directory = base / f"recipe-{short_digest({**identity, 'seed': settings.seed})}"
    tuning = RecipeTuning(card=card, recipe=recipe, seed=settings.seed, directory=directory)
    tuned = tuning.run(chosen.images.train(), chosen.images.val(), settings.tune, settings.workers, device)
    say(
        f"best of {settings.tune} recipes: learning rate {tuned.learning_rate:.2g}, weight decay "
        f"{tuned.weight_decay:.2g}, drop path {tuned.drop_path:.2g}, shift {tuned.augmentation.shift}, noise "
        f"{tuned.augmentation.noise:.2g}"
    )
    return tuned


class _Training:
    """The trainings of one architecture: their names, first weights and summary."""

    def __init__(
        self, settings: RetrainSettings, chosen: Chosen, architecture: Architecture, recipe: Recipe, base: Path
    ) -> None:
        self._recipe = recipe
        self._card = chosen.images.card(chosen.space, str(architecture))
        self._architecture = architecture
        self._inherited: nn.Module | None = None
        self.about = {"data": chosen.images.dataset.fingerprint, "model": self._card.to_json()}
        if settings.init == "supernet":
            supernet, path = chosen.supernet()
            self._inherited = search_spaces.extract(supernet, architecture)
            self.about["supernet"] = file_digest(path)
        # The directory is that of exactly these trainings, so that the same command finds it and no other does.
        self.directory = base / short_digest({**self.about, "recipe": recipe.to_json()})

    def build(self, seed: int) -> nn.Module:
        """The network with its first weights."""
        model = self._card.build(seed, self._recipe.drop_path)
        if self._inherited is not None:
            model.load_state_dict(self._inherited.state_dict())
        return model

    def summarise(self, scores: Repeated) -> Retrained:
        """Put the trainings together and write ``summary.json``."""
        costs = Costs(self._card.image_size, self._card.in_chans, len(self._card.classes))
        params, flops = costs.params(self._architecture), costs.flops(self._architecture)
        summary = {
            "command": command(),
            **self.about,
            "params": params,
            "flops": flops,
            **scores.to_json(),
            "recipe": self._recipe.to_json(),
            **environment(),
        }
        write_json(self.directory / "summary.json", summary)
        return Retrained(self.directory, str(self._architecture), params, flops, scores)


def _show(results: Sequence[Retrained]) -> None:
    """Print a line for each architecture; what validation likes best comes first."""
    ranked = sorted(results, key=lambda result: -result.scores.spread("validation", "auc")[0])
    table = Table("parameters", "MFLOPs", "seeds", "validation AUC", "test AUC", "test accuracy", box=None)
    for result in ranked:
        table.add_row(
            f"{result.params:,}",
            f"{result.flops / 1e6:,.1f}",
            f"{len(result.scores.trainings)}",
            _plus_minus(*result.scores.spread("validation", "auc")),
            _plus_minus(*result.scores.spread("test", "auc")),
            _plus_minus(*result.scores.spread("test", "accuracy")),
        )
    console = Console(highlight=False, markup=False, soft_wrap=True)
    console.print(table)
    for result in ranked:
        console.print(f"{result.directory}\n  {result.architecture}")


def _plus_minus(mean: float, spread: float | None) -> str:
    return f"{mean:.4f}" if spread is None else f"{mean:.4f} ± {spread:.4f}"


if __name__ == "__main__":
    main(NAME, Command(RetrainSettings, run))
