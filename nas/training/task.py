"""What networks learn of images, and all that depends on it: their class, or a number."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from nas.data.dataset import LensDataset
from nas.data.options import refuse_smoothing
from nas.data.targets import Target
from nas.data.tensors import LensTensors
from nas.training.bootstrap import Bootstrap, Floats
from nas.training.chance import CHANCE, warn_of_chance
from nas.training.deciding import averaged_name
from nas.training.evaluation import class_probabilities
from nas.training.metrics import check_labels, score
from nas.training.networks.averaging import SymmetryAverage, SymmetryMean
from nas.training.predictions import (
    read_predictions,
    read_values,
    write_predictions,
    write_values,
)
from nas.training.recipe import Recipe
from nas.training.regression import (
    KNOWS_NOTHING,
    NumberBootstrap,
    SquaredErrorStep,
    check_values,
    predicted_values,
    score_values,
    warn_of_noise,
)
from nas.training.step import CrossEntropyStep, Step
from nas.training.temperature import fit_temperature

Truth = npt.NDArray[Any]
"""What is right for each image (N,): its label (int64), or its number in the target's unit."""


class Beside(NamedTuple):
    """The score that is told beside the one that decides.

    Attributes:
        name: its name among the scores.
        title: what it is called, with its unit.
        form: how its values are written.
    """

    name: str
    title: str
    form: str


class Task(Protocol):
    """What networks learn of images.

    An *answer* is what a network says of images: class probabilities (N, K), or numbers (N,) in the
    target's unit.
    """

    @property
    def decides(self) -> str:
        """Name of the score that chooses epochs, candidates and rows."""
        ...

    @property
    def beside(self) -> Beside:
        """The score that is told beside it."""
        ...

    @property
    def chance(self) -> str:
        """What the deciding score is of a network that knows nothing, in words."""
        ...

    def truth(self, tensors: LensTensors) -> Truth:
        """Return what is right for each image of a split."""
        ...

    def check(self, truth: Truth) -> None:
        """Refuse a split without scores.

        Raises:
            UserError: the split lacks a class, or different numbers.
        """
        ...

    def step(self, precision: torch.autocast, recipe: Recipe) -> Step:
        """Return what happens to a batch in training.

        Raises:
            UserError: a setting of the recipe means nothing for the task.
        """
        ...

    def answers(self, model: nn.Module, tensors: LensTensors) -> Floats:
        """Return what a network says of the images of a split, in order."""
        ...

    def score(self, answers: Floats, truth: Truth) -> dict[str, float]:
        """Return the scores of answers by name.

        Raises:
            NonFiniteError: an answer is not a number.
            UserError: the split has no scores.
        """
        ...

    def averaged(self, network: nn.Module) -> nn.Module:
        """Return a network whose answers are averages over the symmetries of the image."""
        ...

    def resampled(self, truth: Truth) -> Callable[[Sequence[Floats]], Floats]:
        """Return what tells the deciding score in every resample (B,) of the images.

        It takes the answers of each training of a network, and returns the mean over them.
        """
        ...

    def temperature(self, answers: Floats, truth: Truth) -> float | None:
        """Return what makes class probabilities as sure as they are right; None for numbers.

        Args:
            answers: what a network says of the validation images.
            truth: what is right for each of them.
        """
        ...

    def warn_of_chance(self, whose: str, value: float, truth: Truth, guesses: int = 1) -> None:
        """Warn where the deciding score is not above chance.

        Args:
            whose: whose score it is, for example ``the validation``.
            value: the score.
            truth: what is right for each image.
            guesses: number of networks of which it is the highest.
        """
        ...

    def write(
        self,
        directory: Path,
        dataset: LensDataset,
        indices: npt.NDArray[np.int64],
        truth: Truth,
        answers: Floats,
    ) -> None:
        """Write the answers for some images of a data set into the directory of a training."""
        ...

    def read(self, path: Path) -> tuple[Truth, Floats]:
        """Return what is right for the images of a file of answers, and the answers.

        Raises:
            UserError: the file is missing or damaged.
        """
        ...


class _Asked(Protocol):
    """Images or networks, which know what is learned."""

    @property
    def classes(self) -> tuple[str, ...]: ...

    @property
    def target(self) -> Target | None: ...


def task_of(asked: _Asked) -> Task:
    """Return what images are there to teach, or what a network has learned.

    Args:
        asked: images of a split or of a data set, or the card of a network.

    Example:
        >>> import torch
        >>> from nas.data.tensors import LensTensors
        >>> images = LensTensors(torch.zeros(4, 1, 8, 8), torch.arange(4) % 2, ("no_sub", "cdm"))
        >>> task_of(images).decides
        'auc'
        >>> target = Target("log10_axion_mass", "log10 eV", -23.0, 0.5)
        >>> task_of(images.with_target(target, np.linspace(-24, -22, 4))).decides
        'r2'
    """
    return _Classification(asked.classes) if asked.target is None else _Regression(asked.target)


def scores_of(model: nn.Module, tensors: LensTensors) -> dict[str, float]:
    """Return the scores of a network on the images of a split by name.

    Raises:
        NonFiniteError: what the network says is not a number.
        UserError: the network does not fit what is learned, or the split has no scores.
    """
    task = task_of(tensors)
    return task.score(task.answers(model, tensors), task.truth(tensors))


def tested(model: nn.Module, tensors: LensTensors) -> tuple[Floats, dict[str, float]]:
    """Return what a network says of test images, and its scores by name.

    The deciding score is there a second time, of answers that are averaged over the symmetries of
    the image, which any network can have.

    Raises:
        NonFiniteError: what the network says is not a number.
        UserError: the network does not fit what is learned, or the split has no scores.
    """
    task = task_of(tensors)
    truth, answers = task.truth(tensors), task.answers(model, tensors)
    everywhere = task.score(task.answers(task.averaged(model), tensors), truth)
    scores = task.score(answers, truth)
    return answers, {**scores, averaged_name(task.decides): everywhere[task.decides]}


@dataclass(frozen=True)
class _Classification:
    """Telling classes apart, judged by the area under the ROC curve.

    Attributes:
        classes: K class names in label order.
    """

    classes: tuple[str, ...]
    decides: ClassVar[str] = "auc"
    beside: ClassVar[Beside] = Beside("accuracy", "accuracy", ".4f")
    chance: ClassVar[str] = f"chance is {CHANCE}"

    def truth(self, tensors: LensTensors) -> Truth:
        return tensors.labels.cpu().numpy()

    def check(self, truth: Truth) -> None:
        check_labels(truth, self.classes)

    def step(self, precision: torch.autocast, recipe: Recipe) -> Step:
        return CrossEntropyStep(len(self.classes), precision, recipe.label_smoothing)

    def answers(self, model: nn.Module, tensors: LensTensors) -> Floats:
        return class_probabilities(model, tensors)

    def score(self, answers: Floats, truth: Truth) -> dict[str, float]:
        return score(answers, truth, self.classes).to_json()

    def averaged(self, network: nn.Module) -> nn.Module:
        return SymmetryAverage(network)

    def resampled(self, truth: Truth) -> Callable[[Sequence[Floats]], Floats]:
        return Bootstrap(truth, len(self.classes)).aucs

    def temperature(self, answers: Floats, truth: Truth) -> float | None:
        return fit_temperature(truth, answers)

    def warn_of_chance(self, whose: str, value: float, truth: Truth, guesses: int = 1) -> None:
        warn_of_chance(f"{whose} AUC", value, truth, len(self.classes), guesses)

    def write(
        self,
        directory: Path,
        dataset: LensDataset,
        indices: npt.NDArray[np.int64],
        truth: Truth,
        answers: Floats,
    ) -> None:
        write_predictions(directory, dataset, indices, answers)

    def read(self, path: Path) -> tuple[Truth, Floats]:
        table = read_predictions(path, self.classes)
        labels = np.array([self.classes.index(label) for label in table["label"]])
        return labels, table[list(self.classes)].to_numpy(np.float64)


@dataclass(frozen=True)
class _Regression:
    """Reading a number off images, judged by the share of its variance that is explained.

    Attributes:
        target: the number.
    """

    target: Target
    decides: ClassVar[str] = "r2"
    chance: ClassVar[str] = KNOWS_NOTHING

    @property
    def beside(self) -> Beside:
        unit = self.target.unit
        return Beside("mae", f"MAE, {unit}" if unit else "MAE", ".4g")

    def truth(self, tensors: LensTensors) -> Truth:
        return self.target.restored(tensors.labels.cpu().double().numpy())

    def check(self, truth: Truth) -> None:
        check_values(truth)

    def step(self, precision: torch.autocast, recipe: Recipe) -> Step:
        refuse_smoothing(recipe.label_smoothing)
        return SquaredErrorStep(precision)

    def answers(self, model: nn.Module, tensors: LensTensors) -> Floats:
        return predicted_values(model, tensors)

    def score(self, answers: Floats, truth: Truth) -> dict[str, float]:
        return score_values(answers, truth).to_json()

    def averaged(self, network: nn.Module) -> nn.Module:
        return SymmetryMean(network)

    def resampled(self, truth: Truth) -> Callable[[Sequence[Floats]], Floats]:
        return NumberBootstrap(truth).r2s

    def temperature(self, answers: Floats, truth: Truth) -> float | None:
        return None

    def warn_of_chance(self, whose: str, value: float, truth: Truth, guesses: int = 1) -> None:
        warn_of_noise(f"{whose} R²", value, len(truth), guesses)

    def write(
        self,
        directory: Path,
        dataset: LensDataset,
        indices: npt.NDArray[np.int64],
        truth: Truth,
        answers: Floats,
    ) -> None:
        write_values(directory, dataset, indices, truth, answers)

    def read(self, path: Path) -> tuple[Truth, Floats]:
        table = read_values(path)
        return table["true"].to_numpy(np.float64), table["predicted"].to_numpy(np.float64)
