"""Scores of class probabilities: ROC AUC, accuracy and loss."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from nas.common.errors import UserError


class NonFiniteError(UserError):
    """A loss or a class score is not a number: the training went astray."""


@dataclass(frozen=True)
class Scores:
    """The scores of a network on the images of a split.

    Attributes:
        auc: macro one-vs-rest area under the ROC curve, which is the mean of ``class_auc``.
        accuracy: share of images whose most probable class is right.
        loss: mean cross-entropy in nats.
        class_auc: area under the ROC curve of each class against all others, by class name.
    """

    auc: float
    accuracy: float
    loss: float
    class_auc: dict[str, float]

    def to_json(self) -> dict[str, float]:
        """Return all scores by name; the area of a class is called ``auc_<class>``."""
        return {
            "auc": self.auc,
            "accuracy": self.accuracy,
            "loss": self.loss,
            **{f"auc_{name}": value for name, value in self.class_auc.items()},
        }


def check_labels(labels: npt.NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Refuse a split that has no ROC curve, since it lacks a class or has only one.

    Args:
        labels: labels (N,) of the images, which are positions in ``classes``.
        classes: K class names.

    Raises:
        UserError: a class has no images, or there is only one class.
    """
    counts = np.bincount(labels, minlength=len(classes))
    if (counts == 0).any() or len(classes) < 2:
        absent = ", ".join(name for name, count in zip(classes, counts, strict=True) if count == 0)
        raise UserError(
            f"there is no ROC curve without images of {absent or 'a second class'}: give a split "
            "with all classes"
        )


def score(
    probabilities: npt.NDArray[np.floating], labels: npt.NDArray[np.int64], classes: tuple[str, ...]
) -> Scores:
    """Score class probabilities against the labels of the images.

    With two classes both have the same area, that of the usual binary ROC curve.

    Args:
        probabilities: class probabilities (N, K), whose rows sum to one.
        labels: labels (N,) of the images, which are positions in ``classes``.
        classes: K class names.

    Raises:
        NonFiniteError: a probability is not a number.
        UserError: a class has no images, or there is only one class, so that there is no ROC curve.

    Example:
        >>> import numpy as np
        >>> from nas.training.metrics import score
        >>> probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]])
        >>> scores = score(probabilities, np.array([0, 0, 1, 1]), ("no_sub", "subhalo"))
        >>> scores.auc, scores.accuracy
        (0.75, 0.75)
    """
    bad = int((~np.isfinite(probabilities)).any(axis=1).sum())
    if bad:
        raise NonFiniteError(f"the class scores of {bad} of {len(labels)} images are not numbers")
    check_labels(labels, classes)
    class_auc = {
        name: float(roc_auc_score(labels == label, probabilities[:, label]))
        for label, name in enumerate(classes)
    }
    return Scores(
        auc=float(np.mean(list(class_auc.values()))),
        accuracy=float(accuracy_score(labels, probabilities.argmax(axis=1))),
        loss=float(log_loss(labels, probabilities, labels=range(len(classes)))),
        class_auc=class_auc,
    )
