"""The command ``python -m nas.fidelity``: can a supernet's ranking be trusted?"""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd

from nas.common.artefacts import checked, reading
from nas.common.errors import UserError
from nas.common.files import make_directory
from nas.common.lock import held
from nas.common.next_steps import show_next
from nas.common.progress import progress
from nas.common.rules import Count, Must
from nas.common.screen import screen
from nas.common.settings import part
from nas.fidelity.report import PAGE, Fidelity, fidelity_table, publish_fidelity
from nas.fidelity.settings import LEAST, FidelitySettings
from nas.training.alone import Astray, train_alone
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.precision import pick_device
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec
from nas.training.supernet.inheritance import Inheritance
from nas.training.supernet.training import SHOWN, load_supernet
from search_spaces import Architecture, EvenSampler, SearchSpace, Supernet, flops


def run(settings: FidelitySettings) -> None:
    """Print how well the scores of inherited weights agree with those of networks trained alone."""
    fidelity = measure_fidelity(settings)
    console = screen()
    console.print(fidelity_table(fidelity))
    console.print(f"\nMore of it, with a picture: {settings.out / PAGE}", soft_wrap=True)
    supernet, *_ = settings.supernets.values()
    paths = shlex.quote(str(supernet.parent)), shlex.quote(str(settings.data))
    show_next({"Search it": "search --supernet {} --data {}".format(*paths)})


def measure_fidelity(settings: FidelitySettings) -> Fidelity:
    """Train architectures alone, score them with inherited weights, and write how these agree.

    Raises:
        UserError: a supernet is of other images or another space, or too few architectures could be
            trained.
    """
    images = TrainingImages.open(settings.data, settings)
    supernets = {name: _load(path, images) for name, path in settings.supernets.items()}
    trained = {name: _trained(path) for name, path in settings.supernets.items()}
    space = _space(supernets)
    device = pick_device("cpu" if settings.gpus_per_trial == 0 else "auto")
    chosen = choose(
        space, settings.architectures, images.card(space.name).image_size[0], settings.seed
    )
    for place, flag in ((settings.trainings, "--trainings"), (settings.out, "--out")):
        make_directory(place, flag)
    table, astray = _train_alone(settings, images, chosen)
    chosen = [architecture for architecture in chosen if str(architecture) not in astray]
    inheritance = Inheritance(images.train(device), images.val(device))
    for name, supernet in supernets.items():
        table[f"inherited_{name}"] = _inherit(name, inheritance, supernet.to(device), chosen)
    about = {
        "data": f"{settings.data}, fingerprint {images.dataset.fingerprint}",
        "images": (
            f"{len(images.splits.train):,} to learn from, {len(images.splits.val):,} to score"
        ),
        "architectures": len(chosen),
        **({"left out": f"{len(astray)}, whose training went astray"} if astray else {}),
        "seeds": settings.seeds,
        "recipe": part(Recipe, settings).to_json(),
    }
    fidelity = Fidelity(table, tuple(supernets))
    publish_fidelity(fidelity, trained, about, settings.out)
    return fidelity


@dataclass(frozen=True)
class _Outcome:
    epoch: Count
    val: Annotated[dict[str, float], Must(lambda scores: set(SHOWN) <= set(scores), "its scores")]


@dataclass(frozen=True)
class _Trained:
    """What the page tells of the training of a supernet."""

    outcome: _Outcome
    supernet: Annotated[dict[str, Any], Must(lambda card: "norm" in card, "a card with a norm")]
    sharing: Annotated[
        dict[str, Any],
        Must(lambda how: {"rule", "distillation"} <= set(how), "a rule and a distillation"),
    ]
    recipe: dict[str, Any]
    seed: int


def _trained(path: Path) -> dict[str, Any]:
    """Return what the checkpoint of a supernet says of its training."""
    about = load_checkpoint(path).about
    with reading(f"what {path} says of its training", "copy it again or train anew"):
        checked(_Trained, about)
    return about


def choose(space: SearchSpace, count: int, image_size: int, seed: int) -> list[Architecture]:
    """Draw distinct architectures evenly over their FLOPs.

    Args:
        space: search space to draw from.
        count: how many architectures to draw.
        image_size: pixels a side of the images whose FLOPs are counted.
        seed: seed of the draw.

    Raises:
        UserError: the space has fewer architectures.
    """
    if count > len(space):
        raise UserError(f"--architectures {count} cannot be drawn: {space.name} has {len(space)}")
    rng = np.random.default_rng(seed)
    drawn = EvenSampler(space, lambda a: flops(a, image_size)).draw(rng, count)
    chosen = {space.canonical(architecture): None for architecture in drawn}
    while len(chosen) < count:
        chosen[space.canonical(space.mutate(next(reversed(chosen)), rng))] = None
    return list(chosen)


def _load(path: Path, images: TrainingImages) -> Supernet:
    supernet, _, data = load_supernet(path)
    if data != images.dataset.fingerprint:
        raise UserError(f"{path} was trained on other images: give its data set with --data")
    return supernet


def _space(supernets: dict[str, Supernet]) -> SearchSpace:
    spaces = {supernet.space.name: supernet.space for supernet in supernets.values()}
    if len(spaces) > 1:
        raise UserError(
            f"the supernets are of the spaces {', '.join(spaces)}: give those of one space"
        )
    return next(iter(spaces.values()))


def _train_alone(
    settings: FidelitySettings, images: TrainingImages, chosen: list[Architecture]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return a row for each architecture: its costs, and the validation AUC of every training.

    Those that have a training which went astray have no row, and are returned with its reason.

    Raises:
        UserError: so many went astray that the others cannot be ranked.
    """
    space, costs = chosen[0].space, images.costs()
    recipe, seeds = part(Recipe, settings), range(settings.seeds)
    # Trainings go seed by seed, so that a run that was cut short has all architectures with as many
    # seeds as it came to.
    specs = [
        TrainingSpec(
            data=images.dataset.fingerprint,
            card=images.card(space, str(architecture)),
            recipe=recipe,
            seed=seed,
        )
        for seed in seeds
        for architecture in chosen
    ]
    with held(settings.trainings, "filled", "--trainings"):
        outcomes = train_alone(specs, images.train(), images.val(), settings.trainings, settings)
    rows: list[dict[str, Any]] = []
    astray: dict[str, str] = {}
    for number, architecture in enumerate(chosen):
        row = {
            "architecture": str(architecture),
            "params": costs.params(architecture),
            "flops": costs.flops(architecture),
        }
        for seed, outcome in enumerate(outcomes[number :: len(chosen)]):
            if isinstance(outcome, Astray):
                astray[str(architecture)] = outcome.reason
            else:
                row[f"seed_{seed}"] = outcome.outcome["auc"]
        if str(architecture) not in astray:
            rows.append(row)
    if len(rows) < LEAST:
        raise UserError(
            f"only {len(rows)} of {len(chosen)} architectures could be trained alone, and "
            f"{LEAST} are needed: {list(astray.values())[-1]}"
        )
    table = pd.DataFrame(rows)
    table["standalone"] = table[[f"seed_{seed}" for seed in seeds]].mean(axis=1)
    return table, astray


def _inherit(
    name: str, inheritance: Inheritance, supernet: Supernet, chosen: list[Architecture]
) -> list[float]:
    scores = []
    with progress(f"scoring with the weights of {name}", len(chosen), "networks") as advance:
        for architecture in chosen:
            scores.append(inheritance.score(supernet, architecture).auc)
            advance(1)
    return scores
