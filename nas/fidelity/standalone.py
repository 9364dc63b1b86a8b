"""Training architectures alone, each once and never again: the truth that a supernet is measured against."""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError, RayTaskError

from nas.cluster import Hands, cluster, share_out
from nas.data.tensors import LensTensors
from nas.errors import UserError
from nas.files import write_json
from nas.progress import progress
from nas.provenance import environment
from nas.training import Recipe, fit, pick_device
from nas.training.card import ModelCard
from nas.training.loop import OnEpoch


@dataclass(frozen=True)
class Training:
    """One training of one architecture; equal trainings have equal outcomes.

    Attributes:
        card: the network and its images.
        recipe: how it is trained.
        seed: of weights, order and augmentation.
        data: fingerprint of the data set.
    """

    card: ModelCard
    recipe: Recipe
    seed: int
    data: str

    @property
    def about(self) -> dict[str, Any]:
        """All that decides the outcome, as JSON values."""
        about = {"data": self.data, "model": self.card.to_json(), "recipe": self.recipe.to_json(), "seed": self.seed}
        plain: dict[str, Any] = json.loads(json.dumps(about))
        return plain

    @property
    def key(self) -> str:
        """A short hash of it."""
        return hashlib.sha256(json.dumps(self.about, sort_keys=True).encode()).hexdigest()[:16]

    def run(
        self, train: LensTensors, val: LensTensors, directory: Path, on_epoch: OnEpoch | None = None
    ) -> dict[str, Any]:
        """Train, or go on where a killed call came, and return the validation scores of the best epoch."""
        model = self.card.build(self.seed, self.recipe.drop_path)
        about = {"data": self.data, "model": self.card.to_json()}
        result = fit(
            model, train, val, self.recipe, seed=self.seed, directory=directory, about=about, on_epoch=on_epoch
        )
        seconds = round(sum(record.seconds for record in result.epochs), 1)
        return {**result.best.val, "epoch": result.best.epoch, "seconds": seconds}


def train_alone(
    trainings: Iterable[Training],
    train: LensTensors,
    val: LensTensors,
    directory: Path,
    workers: int,
    gpus: float,
    address: str | None = None,
) -> list[dict[str, Any]]:
    """Return the validation scores of every training, running those that have none yet.

    Every outcome is one JSON file, written when it is known; an unfinished training goes on from its last epoch.

    Args:
        trainings: what to train.
        train: images to learn from, on the CPU.
        val: images that choose the epoch, on the CPU.
        directory: for the outcomes, which is there, and can be shared by everything that trains networks alone.
        workers: trainings at a time.
        gpus: share of a GPU that each takes; 0 trains on CPUs.
        address: of a Ray cluster; None for one on this machine.

    Raises:
        UserError: there are fewer GPUs, a training's worker died again and again, or its loss was not a number.
    """
    wanted = list(trainings)
    directory = directory.absolute()
    missing = {training.key: training for training in wanted if _read(directory, training) is None}
    with progress("training alone", len(wanted), "networks", len(wanted) - len(missing)) as advance:
        if missing:
            with cluster(address):
                hands = share_out(workers, gpus, address)
                for key, outcome in _run_all(missing, train, val, directory, hands):
                    write_json(directory / f"{key}.json", {**missing[key].about, "outcome": outcome, **environment()})
                    shutil.rmtree(directory / key, ignore_errors=True)
                    advance(1)
    outcomes = [_read(directory, training) for training in wanted]
    return [outcome for outcome in outcomes if outcome is not None]


def _read(directory: Path, training: Training) -> dict[str, Any] | None:
    path = directory / f"{training.key}.json"
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        outcome: dict[str, Any] = record["outcome"]
        known = {name: record[name] for name in training.about}
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: remove it, and its network is trained again") from error
    if known != training.about:
        raise UserError(f"{path} is about another training than its name says: remove it")
    return outcome


def _run_all(
    trainings: dict[str, Training], train: LensTensors, val: LensTensors, directory: Path, hands: Hands
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Run the trainings on Ray and yield each outcome as it comes."""
    images = ray.put((train, val))
    remote = ray.remote(num_cpus=hands.cpus, num_gpus=hands.gpus)(_run)
    device = "cuda" if hands.gpus else "cpu"
    waiting = {remote.remote(training, images, directory / key, device): key for key, training in trainings.items()}
    while waiting:
        (done,), _ = ray.wait(list(waiting))
        key = waiting.pop(done)
        try:
            yield key, ray.get(done)
        except RayTaskError as error:
            if isinstance(error.cause, UserError):
                raise error.cause from error
            raise
        except RayError as error:  # its worker or its machine
            raise UserError(
                f"the worker that trained {trainings[key].card.architecture} died again and again, perhaps for lack of "
                "memory; what is finished is kept: run the same command again with fewer --workers"
            ) from error


def _run(training: Training, images: tuple[LensTensors, LensTensors], directory: Path, device: str) -> dict[str, Any]:
    train, val = (split.to(pick_device(device)) for split in images)
    return training.run(train, val, directory)
