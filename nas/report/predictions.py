"""Predictions of one network for the test images, drawn as ROC curves and confusion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from nas.common.errors import UserError
from nas.common.figure import ShownFigure
from nas.report.drawing import STYLES, legend_above, legible_on, panel_figure, wrapped
from nas.training.predictions import read_predictions

# The ROC curves of several seeds are read at these false positive rates.
_GRID = np.linspace(0, 1, 501)
# Width and height of a panel in inches, and width of a name above one. The axes of ROC curves are
# about square so. An equal aspect would do it exactly, but then matplotlib's layout forgets what
# stands around the axes.
_ROC, _CONFUSION, _NAME = (3.3, 3.6), (3.1, 3.1), 2.6


@dataclass(frozen=True)
class Predictions:
    """The test images, and what the trainings of one network said of them.

    Attributes:
        classes: K class names in label order.
        images: ``file`` and ``row`` of N images, as the data set's table has them.
        labels: (N,) labels of the images, as positions in ``classes``.
        probabilities: (S, N, K) probabilities by training, image and class.
        best: position of the training that validation likes best.
    """

    classes: tuple[str, ...]
    images: pd.DataFrame
    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]
    best: int

    @staticmethod
    def read(
        files: Sequence[Path], validation_auc: Sequence[float], classes: tuple[str, ...]
    ) -> "Predictions | None":
        """Read the predictions of all trainings of a network.

        Args:
            files: file of predictions of each training.
            validation_auc: validation AUC of each training.
            classes: class names in label order.

        Returns:
            The predictions; None where files were removed.

        Raises:
            UserError: a file is damaged, or the files are of different images.
        """
        if not all(file.exists() for file in files):
            return None
        tables = [read_predictions(file, classes) for file in files]
        check_same_images(files, tables)
        for file, table in zip(files, tables, strict=True):
            if set(table["label"]) != set(classes):
                raise UserError(
                    f"{file} is damaged: remove {file.parent}, and train that network anew"
                )
        labels = pd.Categorical(tables[0]["label"], categories=list(classes)).codes.astype(np.int64)
        probabilities = np.stack(
            [table[list(classes)].to_numpy(dtype=np.float64) for table in tables]
        )
        images, best = tables[0][["file", "row"]], int(np.argmax(validation_auc))
        return Predictions(classes, images, labels, probabilities, best)

    def class_auc(self, label: int) -> float:
        """Return the one-vs-rest AUC of a class, mean over the trainings."""
        return float(
            np.mean(
                [roc_auc_score(self.labels == label, told[:, label]) for told in self.probabilities]
            )
        )

    def curves(self, label: int) -> npt.NDArray[np.float64]:
        """Return the ROC curve of a class in every training.

        Returns:
            (S, 501) shares of the class that are found, at false positive rates from 0 to 1.
        """
        curves = [
            roc_curve(self.labels == label, told[:, label])[:2] for told in self.probabilities
        ]
        return np.array([np.interp(_GRID, *curve) for curve in curves])

    def confusion(self) -> npt.NDArray[np.float64]:
        """Return how many images of each class were taken for each class, mean over the trainings.

        Returns:
            (K, K) numbers of images; the row is the class of the images, the column what they were
            taken for.
        """
        labels = range(len(self.classes))
        told = self.probabilities.argmax(axis=2)
        counts: npt.NDArray[np.float64] = np.mean(
            [confusion_matrix(self.labels, said, labels=labels) for said in told], axis=0
        )
        return counts

    def rounded_confusion(self) -> npt.NDArray[np.int64]:
        """Return :meth:`confusion` in whole images, which add up to the images of each class.

        The largest remainders are rounded up, so that every number is less than one image off.
        """
        counts = self.confusion()
        whole = np.floor(counts).astype(np.int64)
        missing = np.bincount(self.labels, minlength=len(self.classes)) - whole.sum(axis=1)
        places = np.argsort(np.argsort(whole - counts, axis=1, kind="stable"), axis=1)
        rounded: npt.NDArray[np.int64] = whole + (places < missing[:, None])
        return rounded


def check_same_images(files: Sequence[Path], tables: Sequence[pd.DataFrame]) -> None:
    """Check that the trainings of a network were judged on the same images.

    Args:
        files: file of predictions of each training.
        tables: what is in the files.

    Raises:
        UserError: they were not.
    """
    images = tables[0][["file", "row"]]
    for file, table in zip(files, tables, strict=True):
        if not table[["file", "row"]].equals(images):
            raise UserError(
                f"{file} is of other images than {files[0]}: remove {file.parent}, and train it "
                "anew"
            )


def roc_figure(networks: Mapping[str, Predictions]) -> ShownFigure:
    """Draw a panel for each class, with the ROC curve of each network.

    The curve is the mean over a network's trainings; their range is shaded. Names stand above all
    panels, and areas below each, in the same order.

    Args:
        networks: predictions of networks for the same classes, by name of the network.
    """
    classes = next(iter(networks.values())).classes
    figure, panels = panel_figure(len(classes), *_ROC)
    for label, (axes, name) in enumerate(zip(panels, classes, strict=True)):
        axes.plot((0, 1), (0, 1), color="0.7", linewidth=0.8, linestyle=":")
        for number, (network, predictions) in enumerate(networks.items()):
            curves = predictions.curves(label)
            style = STYLES[number % len(STYLES)]
            (line,) = axes.plot(_GRID, curves.mean(axis=0), linestyle=style, label=network)
            if len(curves) > 1:
                axes.fill_between(
                    _GRID,
                    curves.min(axis=0),
                    curves.max(axis=0),
                    color=line.get_color(),
                    alpha=0.12,
                )
        areas = ", ".join(f"{told.class_auc(label):.3f}" for told in networks.values())
        axes.set(
            title=f"{name} against the rest",
            xlabel=f"false positive rate\nAUC {areas}",
            ylabel="true positive rate",
        )
        axes.set(xlim=(-0.01, 1), ylim=(0, 1.01))
    legend_above(figure, panels[:1])
    return figure


def confusion_figure(networks: Mapping[str, Predictions]) -> ShownFigure:
    """Draw a panel for each network: which share of each class was taken for each class.

    The number of images stands below each share.

    Args:
        networks: predictions by name of the network.
    """
    figure, panels = panel_figure(len(networks), *_CONFUSION)
    for axes, (name, predictions) in zip(panels, networks.items(), strict=True):
        counts, whole = predictions.confusion(), predictions.rounded_confusion()
        shares = counts / counts.sum(axis=1, keepdims=True)
        cells = axes.imshow(shares, vmin=0, vmax=1)
        for (row, column), share in np.ndenumerate(shares):
            text = f"{share:.0%}\n({whole[row, column]})"
            axes.text(
                column,
                row,
                text,
                ha="center",
                va="center",
                color=legible_on(cells.to_rgba(share)),
            )
        axes.set(title=wrapped(name, _NAME), xlabel="predicted class", ylabel="true class")
        positions = range(len(predictions.classes))
        axes.set_xticks(
            positions, predictions.classes, rotation=25, ha="right", rotation_mode="anchor"
        )
        axes.set_yticks(positions, predictions.classes)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
    return figure
