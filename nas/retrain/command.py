"""The command ``python -m nas.retrain``: training what a search found, and judging it.

Architectures are trained from scratch, several times, and judged on the test split.
"""

import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import torch
from rich.table import Table

import search_spaces
from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import RUNS, file_digest
from nas.common.next_steps import show_next
from nas.common.progress import say
from nas.common.screen import screen
from nas.common.settings import part
from nas.retrain.recipe_tuning import RecipeTuning
from nas.retrain.retrained import Retrained
from nas.retrain.settings import RetrainSettings
from nas.retrain.summary import Summary
from nas.search.winners import Winners
from nas.training.chance import interval_words
from nas.training.deciding import CALLED, averaged_name
from nas.training.final import check_test, train_and_test
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.repeated import Repeated
from nas.training.spec import InitialWeights, TrainingSpec
from nas.training.task import task_of
from nas.training.tracked import tracked_epochs
from search_spaces import Architecture, Supernet


def run(settings: RetrainSettings) -> None:
    """Train, print the scores, and write weights, predictions and ``summary.json``."""
    retrained = retrain_architectures(settings)
    _show(retrained)
    network = shlex.quote(str(retrained.checkpoint))
    target = retrained.summaries[0].card.target
    use = "Classify images" if target is None else f"Read {target.name} off images"
    steps = {use: f"predict --checkpoint {network} --data DIR"}
    if target is None:
        steps["Write it as ONNX"] = f"export --checkpoint {network} --onnx network.onnx"
    if settings.run is not None or settings.architecture is None:
        search = shlex.quote(str(retrained.summaries[0].directory.parents[1]))
        steps["Make a page of the search"] = f"report {search}"
        steps["Compare it with known networks"] = f"leaderboard --run {search}"
    show_next(steps)


def retrain_architectures(settings: RetrainSettings) -> Retrained:
    """Train architectures from scratch, judge them, and write what came of it.

    Raises:
        UserError: the search has found nothing yet, the data set is gone or another one, or a class
            has no test image.
        search_spaces.SpaceError: there is no such architecture.
    """
    device = pick_device(settings.device)
    winners = _choose(settings)
    check_test(winners.images)
    base = winners.run.path / "retrain" if winners.run is not None else RUNS / "retrain"
    # The supernet comes first, so that a missing one is known before recipes are tried.
    supernet = winners.supernet() if settings.init == "supernet" else None
    recipe = _recipe(settings, winners, base, device.type)
    summaries = [
        _retrain(settings, winners, item, recipe, supernet, base, device)
        for item in winners.architectures
    ]
    best_first = sorted(summaries, key=lambda one: -one.validation_score)
    return Retrained(tuple(best_first), winners.images.dataset)


def _choose(settings: RetrainSettings) -> Winners:
    if settings.run is None and settings.architecture is not None:
        if settings.init == "supernet":
            raise UserError("--init supernet needs the supernet of a search: give its --run")
        return Winners.by_line(
            settings.space, settings.architecture, settings.data, settings, settings.target
        )
    return Winners.from_run(
        settings.run, settings.top, settings.architecture, settings.data, settings.target
    )


def _recipe(settings: RetrainSettings, winners: Winners, base: Path, device: str) -> Recipe:
    recipe = part(Recipe, settings)
    if not settings.tune:
        return recipe
    card = winners.images.card(winners.space, str(winners.architectures[0]))
    spec = TrainingSpec(
        data=winners.images.dataset.fingerprint, card=card, recipe=recipe, seed=settings.seed
    )
    tuning = RecipeTuning(spec, base / f"recipe-{spec.digest}")
    options = WorkerOptions(
        workers=settings.workers,
        gpus_per_trial=0.0 if device == "cpu" else settings.gpus_per_trial,
        ray_address=settings.ray_address,
    )
    tuned = tuning.run(winners.images.train(), winners.images.val(), settings.tune, options)
    say(
        f"best of {settings.tune} recipes: learning rate {tuned.learning_rate:.2g}, weight decay "
        f"{tuned.weight_decay:.2g}, drop path {tuned.drop_path:.2g}, shift "
        f"{tuned.augmentation.shift}, noise {tuned.augmentation.noise:.2g}"
    )
    return tuned


def _retrain(
    settings: RetrainSettings,
    winners: Winners,
    architecture: Architecture,
    recipe: Recipe,
    supernet: tuple[Supernet, Path] | None,
    base: Path,
    device: torch.device,
) -> Summary:
    """Train one architecture from all seeds, and write what the trainings came to."""
    spec = TrainingSpec(
        data=winners.images.dataset.fingerprint,
        card=winners.images.card(winners.space, str(architecture)),
        recipe=recipe,
        seed=settings.seed,
        initial=InitialWeights("supernet", file_digest(supernet[1]))
        if supernet is not None
        else None,
    )
    # The directory belongs to exactly these trainings, so that the same command finds it, and no
    # other command does.
    directory = base / spec.digest_without_seed
    inherited = (
        search_spaces.extract(supernet[0], architecture).state_dict()
        if supernet is not None
        else None
    )
    scores = []
    for number, seed in enumerate(range(settings.seed, settings.seed + settings.seeds), start=1):
        own, place = replace(spec, seed=seed), directory / f"seed-{seed}"
        say(f"seed {seed} ({number} of {settings.seeds}), {place}")
        model = own.build()
        if inherited is not None:
            model.load_state_dict(inherited)
        with tracked_epochs(settings.track, place, own.to_json()) as on_epoch:
            scores.append(
                train_and_test(
                    own, model, winners.images, directory=place, device=device, on_epoch=on_epoch
                )
            )
    costs = winners.images.costs()
    summary = Summary(
        directory,
        spec.card,
        costs.params(architecture),
        costs.flops(architecture),
        Repeated(tuple(scores)),
    )
    summary.write(spec)
    task = task_of(spec.card)
    task.warn_of_chance(
        "the test",
        summary.scores.spread("test", task.decides)[0],
        winners.images.truth(winners.images.splits.test),
    )
    return summary


def _show(retrained: Retrained) -> None:
    """Print a line for each architecture; the one that validation likes best comes first."""
    ranked = retrained.summaries
    task = task_of(ranked[0].card)
    name, called, beside = task.decides, CALLED[task.decides], task.beside
    titles = (f"validation {called}", f"test {called}", f"test {beside.title}")
    table = Table("parameters", "MFLOPs", "seeds", *titles, box=None)
    for result in ranked:
        table.add_row(
            f"{result.params:,}",
            f"{result.flops / 1e6:,.1f}",
            f"{len(result.scores.trainings)}",
            _plus_minus(*result.scores.spread("validation", name)),
            _plus_minus(*result.scores.spread("test", name)),
            _plus_minus(*result.scores.spread("test", beside.name), beside.form),
        )
    console = screen()
    console.print(table, soft_wrap=True)
    for result in ranked:
        lines = (f"{result.directory}", result.architecture, *_details(result))
        console.print("\n  ".join(lines), soft_wrap=True)


def _details(result: Summary) -> Iterator[str]:
    """Say how sure the scores are, and what symmetry has to do with them."""
    interval, task = interval_words(result.test_interval()), task_of(result.card)
    called, averaged = CALLED[task.decides], averaged_name(task.decides)
    yield f"test {called}: {interval} over the images; {task.chance}"
    untied = result.card.untied_params
    if untied != result.params:
        yield f"symmetric: untied it has {untied:,} weights"
    if all(averaged in training.test for training in result.scores.trainings):
        spread = _plus_minus(*result.scores.spread("test", averaged))
        yield f"test {called} averaged over the symmetries of the image: {spread}"


def _plus_minus(mean: float, spread: float | None, form: str = ".4f") -> str:
    return f"{mean:{form}}" if spread is None else f"{mean:{form}} ± {spread:{form}}"
