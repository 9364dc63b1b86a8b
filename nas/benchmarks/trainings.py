"""Trainings that benchmarks compare: what is trained, and a table of what came of it.

Every training is written down when it is done, and a stopped benchmark goes on where it was.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, fields, replace
from math import sqrt
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import nn

from nas.benchmarks.simulated import SimulatedImages
from nas.common.artefacts import read_table, reading
from nas.common.files import write_text
from nas.common.progress import say
from nas.common.provenance import environment
from nas.common.rules import Count
from nas.costs import counted_flops
from nas.data.options import ReadOptions
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.settings import SimulationSettings
from nas.data.smooth.dataset import add_residuals
from nas.data.smooth.names import Galaxy
from nas.data.tensors import LensTensors
from nas.training.evaluation import evaluate
from nas.training.images import TrainingImages
from nas.training.loop import fit
from nas.training.networks.averaging import SymmetryAverage
from nas.training.recipe import Recipe
from search_spaces import Architecture, untie
from search_spaces.network import init_weights

Prior = Literal["none", "turned", "residual", "sersic residual"]
"""What else is known of the data: there is a second channel with what a smooth lens leaves
unexplained, before a galaxy of any shape or one with a Sérsic profile.

Half of the training images turned by any angle was tried in commit e4a8b47, and brought nothing.
"""


_GALAXIES: dict[Prior, Galaxy] = {"residual": "free", "sersic residual": "sersic"}
_WORKERS = 2


class Network(NamedTuple):
    """A network of the benchmark.

    Attributes:
        name: Name as SPACE/ARCHITECTURE, with the word ``untied`` for the twin of a symmetric one;
            or the name of a model of timm.
        architecture: Architecture; None for a model of timm.
        untied: Whether layers of a symmetric architecture have weights of their own.
    """

    name: str
    architecture: Architecture | None
    untied: bool = False

    @property
    def symmetric(self) -> bool:
        """Whether its weights are tied."""
        choices = {} if self.architecture is None else self.architecture.choices
        return choices.get("symmetry", "none") != "none" and not self.untied

    def build(self, images: TrainingImages, seed: int) -> nn.Module:
        """Build the network with random weights of a seed."""
        if self.architecture is None:
            return images.card(self.name).fitted().build(seed)
        network = images.card(self.architecture.space, str(self.architecture)).build(seed)
        if not self.untied:
            return network
        # The weights of a network that was just untied are symmetric still.
        network = untie(network)
        with torch.random.fork_rng([]):
            torch.manual_seed(seed)
            return network.apply(init_weights)


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training of the benchmark: a row of ``trainings.csv``.

    Attributes:
        nuisance: Nuisance of the simulated images.
        simulated: Number of simulated images, those for validation and test among them.
        image_size: Side of the images in pixels.
        network: Name of the network.
        architecture: Line of its architecture; empty for a model of timm.
        images: Number of training images.
        epochs: Passes over them.
        seed: Seed of weights, training images and their order.
        prior: What else is known of the data.
        params: Parameters that are learned.
        mflops: Millions of floating-point operations for an image.
        val_auc: Validation AUC of the epoch that validation chose.
        test_auc: Test AUC of the same epoch.
        averaged_auc: Test AUC with probabilities averaged over the symmetries of the image.
        best_epoch: Number of that epoch.
        seconds: Seconds of training, without scoring.
        curve: Validation AUC after each epoch, separated by blanks.
        commit: Version of the toolkit that trained it.
    """

    nuisance: float
    simulated: Count
    image_size: Count
    network: str
    architecture: str = ""
    images: Count
    epochs: Count
    seed: Count
    prior: Prior = "none"
    params: int = 0
    mflops: float = 0.0
    val_auc: float = 0.0
    test_auc: float = 0.0
    averaged_auc: float = 0.0
    best_epoch: int = 0
    seconds: float = 0.0
    curve: str = ""
    commit: str = ""

    @property
    def data(self) -> tuple[object, ...]:
        """What the images are made from."""
        return self.nuisance, self.simulated, self.image_size, _GALAXIES.get(self.prior)

    @property
    def kind(self) -> tuple[object, ...]:
        """What the training shares with those of other seeds."""
        return tuple(value for name, value in asdict(self).items() if name in _KIND)

    @property
    def key(self) -> tuple[object, ...]:
        """What the training is of, without what came of it."""
        return astuple(self)[:9]


_KIND = (
    "nuisance",
    "simulated",
    "image_size",
    "network",
    "architecture",
    "images",
    "epochs",
    "prior",
)


def groups(trainings: Iterable[Training]) -> list[list[Training]]:
    """Return trainings that differ in their seed alone, in the order of their first ones."""
    found: dict[tuple[object, ...], list[Training]] = {}
    for one in trainings:
        found.setdefault(one.kind, []).append(one)
    return list(found.values())


def plan(settings: SimulatedImages, network: Network, **what: Any) -> tuple[Training, Network]:
    """Return a training of a network without its outcome, and the network.

    Args:
        settings: Settings of the benchmark.
        network: The network.
        what: Further fields of the training: ``nuisance``, ``images``, ``epochs``, ``seed``, …
    """
    training = Training(
        simulated=settings.simulated,
        image_size=settings.image_size,
        network=network.name,
        architecture=str(network.architecture or ""),
        **what,
    )
    return training, network


def epochs_for(images: int, epochs: int, most: int) -> int:
    """Return the passes over some images where the most of them get so many epochs.

    Fewer images get more, as the square root of the ratio.
    """
    return round(epochs * sqrt(most / images))


def carry_out(
    planned: Iterable[tuple[Training, Network]],
    table: Path,
    publish: Callable[[Sequence[Training]], None],
) -> list[Training]:
    """Do the trainings that a table does not hold yet, and write it anew after each.

    Args:
        planned: Trainings without their outcomes, and the network of each.
        table: File of the trainings that are done.
        publish: Shows all trainings that are done; called after each.

    Returns:
        All trainings of the table, those of earlier plans among them.
    """
    done = read_trainings(table)
    known = {training.key for training in done}
    kind: tuple[object, ...] = ()
    for training, network in planned:
        if training.key in known:
            continue
        if training.data != kind:  # the images of one kind at a time are held
            kind, images = training.data, _images(training)
        say(
            f"{training.network}, {training.images:,} images of nuisance {training.nuisance:g}, "
            f"seed {training.seed}"
        )
        done.append(train_as_planned(training, network, images))
        write_trainings(table, done)
        publish(done)
    if done:
        publish(done)
    return done


def _images(training: Training) -> TrainingImages:
    simulation = SimulationSettings(
        model="II",
        physics="realistic",
        images=training.simulated,
        image_size=training.image_size,
        nuisance=training.nuisance,
    )
    name = f"realistic-{training.image_size}px-{training.simulated}-{training.nuisance:g}"
    directory = Path("data") / name
    simulate_dataset(simulation, directory, _WORKERS)
    galaxy = _GALAXIES.get(training.prior)
    if galaxy is not None:
        fitted = directory.with_name(f"{name}-{galaxy}")
        add_residuals(
            directory, fitted, ReadOptions(), galaxy=galaxy, camera=None, workers=_WORKERS
        )
        directory = fitted
    return TrainingImages.open(directory, ReadOptions())


def train_as_planned(training: Training, network: Network, images: TrainingImages) -> Training:
    """Train a network as planned, and return the training with its outcome."""
    model = network.build(images, training.seed)
    result = fit(
        model,
        _some(images.train(), training.images, training.seed),
        images.val(),
        Recipe(epochs=training.epochs),
        seed=training.seed,
    )
    test = images.test()
    flops = counted_flops(result.model, test.images[:1])
    return replace(
        training,
        params=sum(parameter.numel() for parameter in model.parameters()),
        mflops=round(flops / 1e6, 2),
        val_auc=result.best.val["auc"],
        test_auc=evaluate(result.model, test).auc,
        averaged_auc=evaluate(SymmetryAverage(result.model), test).auc,
        best_epoch=result.best.epoch,
        seconds=result.seconds,
        curve=" ".join(f"{record.val['auc']:.4f}" for record in result.epochs),
        commit=environment()["commit"],
    )


def _some(images: LensTensors, count: int, seed: int) -> LensTensors:
    """Draw some of the images; fewer images of a seed are among its more."""
    some = torch.from_numpy(np.random.default_rng(seed).permutation(len(images))[:count])
    return LensTensors(images.images[some], images.labels[some], images.classes)


def read_trainings(path: Path) -> list[Training]:
    """Return the trainings of a table; none where there is no file.

    Raises:
        UserError: the table is damaged.
    """
    if not path.exists():
        return []
    with reading(path, "restore it, or give another --out"):
        return read_table(path, Training)


def write_trainings(path: Path, trainings: list[Training]) -> None:
    """Write a table of trainings, whole or not at all."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Training)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(training) for training in trainings)
    write_text(path, text.getvalue())
