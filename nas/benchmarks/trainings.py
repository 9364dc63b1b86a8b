"""Trainings that benchmarks compare: what is trained, and a table of what came of it.

Every training is written down when it is done, and a stopped benchmark goes on where it was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch

from nas.benchmarks.networks import Network
from nas.benchmarks.rows import read_lines, write_lines
from nas.benchmarks.simulated import SimulatedImages
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
from nas.training.loop import Result, fit
from nas.training.networks.averaging import SymmetryAverage
from nas.training.recipe import Recipe

Prior = Literal["none", "turned", "residual", "sersic residual"]
"""What else is known of the data: there is a second channel with what a smooth lens leaves
unexplained, before a galaxy of any shape or one with a Sérsic profile.

Half of the training images turned by any angle was tried in commit e4a8b47, and brought nothing.
"""


_GALAXIES: dict[Prior, Galaxy] = {"residual": "free", "sersic residual": "sersic"}
_WORKERS = 2


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
        best_epoch: Number of that epoch, or of that round.
        seconds: Seconds of training, without scoring.
        curve: Validation AUC after each epoch or round, separated by blanks.
        commit: Version of the toolkit that trained it.
        rounds: Times that validation is scored, with as many epochs between; 0 stands for after
            each epoch.
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
    rounds: Count = 0

    @property
    def aucs(self) -> list[float]:
        """The validation AUC after each epoch or round."""
        return [float(auc) for auc in self.curve.split()]

    @property
    def data(self) -> tuple[object, ...]:
        """What the images are made from."""
        return self.nuisance, self.simulated, self.image_size, _GALAXIES.get(self.prior)

    @property
    def circumstances(self) -> tuple[object, ...]:
        """What networks must share that are compared with each other."""
        return *self.data, self.images, self.epochs

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


def length_for(images: int, epochs: int, most: int) -> dict[str, int]:
    """Return the length of a training where the most images get so many epochs.

    Fewer images get more epochs, so that all have as many updates: with the square root of that,
    networks that saw 500 images were far from the end of their training. Validation is scored at
    most twice as often as in the training on the most images, or it would take longer than that.

    Returns:
        The fields ``epochs`` and ``rounds`` of a training.
    """
    passes = max(1, round(most / (2 * images)))
    rounds = max(1, round(epochs * most / (images * passes)))
    return {"epochs": rounds * passes, "rounds": rounds}


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
        write_lines(table, Training, done)
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
    return simulated_images(simulation, _GALAXIES.get(training.prior))


def simulated_images(
    simulation: SimulationSettings, galaxy: Galaxy | None = None
) -> TrainingImages:
    """Return simulated images, which are made where they are not there yet.

    They lie in ``data``, named after what they are.

    Args:
        simulation: What is simulated.
        galaxy: Galaxy whose smooth lens is fitted, and leaves a second channel; None for one
            channel.
    """
    name = f"{simulation.physics}-{simulation.pixels}px-{simulation.images}"
    if simulation.physics == "realistic":
        name += f"-{simulation.nuisance:g}"
    directory = Path("data") / name
    simulate_dataset(simulation, directory, _WORKERS)
    if galaxy is not None:
        fitted = directory.with_name(f"{name}-{galaxy}")
        add_residuals(
            directory, fitted, ReadOptions(), galaxy=galaxy, camera=None, workers=_WORKERS
        )
        directory = fitted
    return TrainingImages.open(directory, ReadOptions())


def train_as_planned(training: Training, network: Network, images: TrainingImages) -> Training:
    """Train a network as planned, and return the training with its outcome."""
    rounds = training.rounds or training.epochs
    result = train_on_some(
        network,
        images,
        training.images,
        epochs=rounds,
        seed=training.seed,
        passes=training.epochs // rounds,
    )
    model, test = result.model, images.test()
    flops = counted_flops(model, test.images[:1])
    return replace(
        training,
        params=sum(parameter.numel() for parameter in model.parameters()),
        mflops=round(flops / 1e6, 2),
        val_auc=result.best.val["auc"],
        test_auc=evaluate(model, test).auc,
        averaged_auc=evaluate(SymmetryAverage(model), test).auc,
        best_epoch=result.best.epoch,
        seconds=result.seconds,
        curve=" ".join(f"{record.val['auc']:.4f}" for record in result.epochs),
        commit=environment()["commit"],
    )


def train_on_some(
    network: Network, images: TrainingImages, count: int, *, epochs: int, seed: int, passes: int = 1
) -> Result:
    """Train a network on some of the training images, all others as they are.

    Args:
        network: The network.
        images: Images to learn from and to choose the epoch by.
        count: Number of training images; fewer images of a seed are among its more.
        epochs: Number of epochs, after each of which validation is scored.
        seed: Seed of weights, training images and their order.
        passes: Passes over the images in an epoch.
    """
    return fit(
        network.build(images, seed),
        _some(images.train(), count, seed, passes),
        images.val(),
        Recipe(epochs=epochs, **network.recipe),
        seed=seed,
    )


def _some(images: LensTensors, count: int, seed: int, passes: int) -> LensTensors:
    some = torch.from_numpy(np.random.default_rng(seed).permutation(len(images))[:count])
    some = some.repeat(passes)
    return LensTensors(images.images[some], images.labels[some], images.classes)


def read_trainings(path: Path) -> list[Training]:
    """Return the trainings of a table; none where there is no file.

    Raises:
        UserError: the table is damaged.
    """
    return read_lines(path, Training)
