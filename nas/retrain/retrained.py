"""Architectures that were trained from scratch and judged, as programs ask for them."""

from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from torch import nn

from nas.common.errors import UserError
from nas.data.dataset import LensDataset
from nas.retrain.summary import Summary
from nas.training.deciding import CALLED
from nas.training.networks.classifier import Classifier
from nas.training.networks.regressor import Regressor
from nas.training.predictions import PREDICTIONS
from nas.training.task import task_of

if TYPE_CHECKING:
    from nas.common.figure import ShownFigure
    from nas.report.numbers import ReadNumbers
    from nas.report.predictions import Predictions


@dataclass(frozen=True, repr=False)
class Retrained:
    """What came of architectures that were trained from several seeds.

    Attributes:
        summaries: one for each architecture, by falling validation AUC, or R².
        data: data set that they were trained and judged on.

    Example:
        The best network of a search, judged and used::

            from nas import api

            retrained = api.retrain("results/runs/mine", seeds=3)
            print(retrained.scores)
            retrained.plot_mistakes()
            probabilities = retrained.classifier.predict_proba(images)
    """

    summaries: tuple[Summary, ...]
    data: LensDataset

    def __repr__(self) -> str:
        best = self.summaries[0]
        decides = task_of(best.card).decides
        score, deviation = best.scores.spread("test", decides)
        spread = "" if deviation is None else f" ± {deviation:.4f}"
        return (
            f"Retrained({best.card.model}, {best.params:,} parameters: test {CALLED[decides]} "
            f"{score:.4f}{spread} over {len(best.scores.trainings)} seeds; {best.directory})"
        )

    def _repr_html_(self) -> str:
        """Return the scores as a table, which notebooks ask for."""
        return f"<p>{escape(repr(self))}</p>{self.scores.to_html(border=0)}"

    @property
    def scores(self) -> pd.DataFrame:
        """Validation and test scores, a row for each architecture and seed."""
        rows = [
            {
                "architecture": summary.architecture,
                "seed": training.seed,
                "parameters": summary.params,
                "flops": summary.flops,
                "seconds": training.seconds,
                **{f"validation_{name}": value for name, value in training.validation.items()},
                **{f"test_{name}": value for name, value in training.test.items()},
            }
            for summary in self.summaries
            for training in summary.scores.trainings
        ]
        return pd.DataFrame(rows).set_index(["architecture", "seed"])

    @property
    def checkpoint(self) -> Path:
        """The ``model.safetensors`` that validation likes best, of the best architecture."""
        best = self.summaries[0]
        decides = task_of(best.card).decides
        chosen = max(best.scores.trainings, key=lambda training: training.validation[decides])
        return best.directory / f"seed-{chosen.seed}" / "model.safetensors"

    @cached_property
    def classifier(self) -> Classifier:
        """The network of :attr:`checkpoint`, from the pixels of a file to class probabilities."""
        return Classifier.load(self.checkpoint)

    @cached_property
    def regressor(self) -> Regressor:
        """The network of :attr:`checkpoint`, from the pixels of a file to the target."""
        return Regressor.load(self.checkpoint)

    @property
    def network(self) -> nn.Module:
        """The network of :attr:`checkpoint` alone, which takes normalised images."""
        learned_classes = self.summaries[0].card.target is None
        return (self.classifier if learned_classes else self.regressor).network

    @property
    def predictions(self) -> pd.DataFrame:
        """Class of every test image, the class it was taken for, and the probability of each class.

        Of a regression there are the true number of every image, and the one that was read off it,
        in the target's unit. The rows are named by the position of the image in ``data.images``, so
        that the table can be joined with ``data.parameters``. This, the confusion and the pictures
        are of the network of :attr:`checkpoint`.
        """
        from nas.report.examples import images_of

        if self.summaries[0].card.target is not None:
            numbers = self._numbers
            index = pd.Index(images_of(self.data, numbers.images), name="image")
            return pd.DataFrame({"true": numbers.true, "predicted": numbers.predicted[0]}, index)
        told = self._told
        names = np.array(told.classes)
        (probabilities,) = told.probabilities
        rows = images_of(self.data, told.images)
        table = pd.DataFrame(probabilities, pd.Index(rows, name="image"), list(names))
        table.insert(0, "class", names[told.labels])
        table.insert(1, "predicted", names[probabilities.argmax(axis=1)])
        return table

    @property
    def confusion(self) -> pd.DataFrame:
        """Number of test images of each class, a row each, by the class they were taken for."""
        told = self._told
        table = pd.DataFrame(told.rounded_confusion(), list(told.classes), list(told.classes))
        return table.rename_axis(index="true class", columns="predicted class")

    def plot_confusion(self) -> "ShownFigure":
        """Draw which share of each class was taken for each class."""
        from nas.report.drawing import style
        from nas.report.predictions import confusion_figure

        with style():
            return confusion_figure({self.summaries[0].card.model: self._told})

    def plot_roc(self) -> "ShownFigure":
        """Draw the ROC curve of each class against the rest."""
        from nas.report.drawing import style
        from nas.report.predictions import roc_figure

        with style():
            return roc_figure({self.summaries[0].card.model: self._told})

    def plot_mistakes(self, count: int = 12) -> "ShownFigure":
        """Draw test images that were classified wrongly, the surest mistakes first.

        Args:
            count: number of images at most.

        Raises:
            UserError: there is no mistake.
        """
        from nas.report.drawing import style
        from nas.report.examples import example_figure, mistakes

        if not len(wrong := mistakes(self._told)):
            raise UserError("no test image was classified wrongly: there is nothing to draw")
        with style():
            return example_figure(self.data, self._told, wrong[:count])

    def plot_numbers(self) -> "ShownFigure":
        """Draw the numbers of a regression that were read off test images, against the true ones.

        Raises:
            UserError: classes were learned.
        """
        from nas.report.drawing import style
        from nas.report.numbers import scatter_figure

        with style():
            return scatter_figure({self.summaries[0].card.model: self._numbers})

    @cached_property
    def _told(self) -> "Predictions":
        """What the network of :attr:`checkpoint` said of the classes of the test images."""
        # matplotlib is slow to load, and most who train networks draw nothing.
        from nas.report.predictions import Predictions

        if (target := self.summaries[0].card.target) is not None:
            raise UserError(
                f"these networks read {target.name} off images and tell no classes apart: "
                "plot_numbers() shows what they read"
            )
        told = Predictions.read([self._file], [1.0], self.summaries[0].card.classes)
        assert told is not None  # since its file is there
        return told

    @cached_property
    def _numbers(self) -> "ReadNumbers":
        """What the network of :attr:`checkpoint` read off the test images."""
        from nas.report.numbers import ReadNumbers

        if (target := self.summaries[0].card.target) is None:
            raise UserError(
                "these networks tell classes apart and read no number off images: "
                "plot_confusion() and plot_roc() show what they said"
            )
        told = ReadNumbers.read([self._file], [1.0], target)
        assert told is not None  # since its file is there
        return told

    @property
    def _file(self) -> Path:
        """The file of what the network of :attr:`checkpoint` said of the test images."""
        file = self.checkpoint.with_name(PREDICTIONS)
        if not file.exists():
            raise UserError(
                f"{file} is missing: remove {file.parent}, and the same call trains it anew"
            )
        return file
