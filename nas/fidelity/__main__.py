"""Can a supernet's ranking be trusted? ``python -m nas.fidelity``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nas.cli import Command, main
from nas.constraints import Costs
from nas.data import ReadOptions
from nas.errors import UserError
from nas.fidelity.report import Fidelity, publish_fidelity
from nas.fidelity.standalone import Training, train_alone
from nas.files import make_directory
from nas.lock import held
from nas.progress import progress
from nas.training import Recipe, load_checkpoint, pick_device
from nas.training.images import TrainingImages
from nas.training.inheritance import Inheritance
from nas.training.supernet import load_supernet
from search_spaces import Architecture, EvenSampler, SearchSpace, Supernet, flops


@dataclass(frozen=True, kw_only=True)
class FidelitySettings(ReadOptions, Recipe):
    """Train architectures alone and see how well a supernet, or counting FLOPs, would have ranked them.

    The recipe is that of the networks trained alone. Finished trainings are kept and never repeated, so the same
    command goes on where it was interrupted, and another supernet is measured against the same networks.
    """

    supernet: tuple[Path, ...] | Path | None = None
    """Directory of a supernet's training, or several: '[A, B]'; their names are those of the directories."""
    data: Path | None = None
    """Directory of the data set that it was trained on."""
    architectures: int = 24
    """Architectures to train alone, drawn evenly over FLOPs."""
    seeds: int = 2
    """Trainings of each, with seeds 0, 1, …"""
    seed: int = 0
    """Seed of the choice of architectures."""
    workers: int = 1
    """Trainings at a time."""
    gpus_per_trial: float = 0.0
    """Share of a GPU that each training takes; 0 trains on CPUs."""
    ray_address: str | None = None
    """Ray cluster to train on; by default one on this machine for this command."""
    trainings: Path = Path("results/runs/standalone")
    """Directory of finished trainings."""
    out: Path = Path("results/runs/fidelity")
    """Directory for tables and picture."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        for name, least in (("architectures", 4), ("seeds", 1), ("workers", 1), ("seed", 0), ("gpus_per_trial", 0)):
            value = getattr(self, name)
            if value < least:
                raise UserError(f"--{name.replace('_', '-')} {value} cannot be used: give {least} or more")

    @property
    def supernets(self) -> dict[str, Path]:
        """The checkpoint of each supernet, by the name of its directory."""
        if not self.supernet:
            raise UserError("--supernet is missing: train one with python -m nas.supernet, and give its directory")
        directories = self.supernet if isinstance(self.supernet, tuple) else (self.supernet,)
        directories = tuple(path.parent if path.is_file() else path for path in directories)
        named = {directory.resolve().name: directory / "model.safetensors" for directory in directories}
        if len(named) < len(directories):
            raise UserError("two supernets have directories of one name: rename one")
        return named


def run(settings: FidelitySettings) -> None:
    """Train, score, and write what came out."""
    images = TrainingImages.open(settings.data, settings)
    supernets = {name: _load(path, images) for name, path in settings.supernets.items()}
    trained = {name: load_checkpoint(path).about for name, path in settings.supernets.items()}
    space = _space(supernets)
    device = pick_device("auto" if settings.gpus_per_trial else "cpu")
    chosen = choose(space, settings.architectures, images.card(space.name).image_size[0], settings.seed)
    for place, flag in ((settings.trainings, "--trainings"), (settings.out, "--out")):
        make_directory(place, flag)
    table = _train_alone(settings, images, chosen)
    inheritance = Inheritance(images.train(device), images.val(device))
    for name, supernet in supernets.items():
        table[f"inherited_{name}"] = _inherit(name, inheritance, supernet.to(device), chosen)
    about = {
        "data": f"{settings.data}, fingerprint {images.dataset.fingerprint}",
        "images": f"{len(images.splits.train):,} to learn from, {len(images.splits.val):,} to score",
        "architectures": len(chosen),
        "seeds": settings.seeds,
        "recipe": Recipe.of(settings).to_json(),
    }
    print(publish_fidelity(Fidelity(table, tuple(supernets)), trained, about, settings.out))


def choose(space: SearchSpace, count: int, image_size: int, seed: int) -> list[Architecture]:
    """Draw distinct architectures evenly over their FLOPs.

    Raises:
        UserError: the space has fewer.
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
        raise UserError(f"the supernets are of the spaces {', '.join(spaces)}: give those of one space")
    return next(iter(spaces.values()))


def _train_alone(settings: FidelitySettings, images: TrainingImages, chosen: list[Architecture]) -> pd.DataFrame:
    """A row for each architecture with its costs and the validation AUC of every training."""
    space, card = chosen[0].space, images.card("")
    costs = Costs(card.image_size, card.in_chans, len(card.classes))
    recipe, seeds = Recipe.of(settings), range(settings.seeds)
    # Seed by seed, so that a run that was cut short has all architectures with as many seeds as it came to.
    trainings = [
        Training(images.card(space, str(architecture)), recipe, seed, images.dataset.fingerprint)
        for seed in seeds
        for architecture in chosen
    ]
    with held(settings.trainings, "filled", "--trainings"):
        outcomes = train_alone(
            trainings,
            images.train(),
            images.val(),
            settings.trainings,
            settings.workers,
            settings.gpus_per_trial,
            settings.ray_address,
        )
    rows: list[dict[str, Any]] = [
        {"architecture": str(a), "params": costs.params(a), "flops": costs.flops(a)} for a in chosen
    ]
    table = pd.DataFrame(rows)
    for seed in seeds:
        part = outcomes[seed * len(chosen) : (seed + 1) * len(chosen)]
        table[f"seed_{seed}"] = [outcome["auc"] for outcome in part]
    table["standalone"] = table[[f"seed_{seed}" for seed in seeds]].mean(axis=1)
    return table


def _inherit(name: str, inheritance: Inheritance, supernet: Supernet, chosen: list[Architecture]) -> list[float]:
    scores = []
    with progress(f"scoring with the weights of {name}", len(chosen), "networks") as advance:
        for architecture in chosen:
            scores.append(inheritance.score(supernet, architecture).auc)
            advance(1)
    return scores


if __name__ == "__main__":
    main("python -m nas.fidelity", Command(FidelitySettings, run))
