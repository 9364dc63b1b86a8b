"""A bootstrap over images, which says how sure a difference between two networks is.

The resamples are the same for all networks.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

RESAMPLES = 2000

# So many (image, resample) pairs are worked on at a time: what a processor's cache holds.
_BLOCK = 2**18

Floats = npt.NDArray[np.float64]


class Bootstrap:
    """Resamples of the images, drawn once, so that networks are compared on the same ones.

    Images are drawn within their class, so that every resample has all classes and as many of each
    (the default of pROC: Robin et al. 2011, BMC Bioinformatics 12, 77).

    Args:
        labels: (N,) positions in the class names; every class has images.
        classes: number of classes K.
        resamples: number of resamples B.
        seed: seed of the resamples.

    Example:
        >>> import numpy as np
        >>> from nas.training.bootstrap import Bootstrap, interval_of
        >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
        >>> second = np.array([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
        >>> network = [np.stack([1 - second, second], axis=1)]
        >>> bootstrap = Bootstrap(labels, classes=2)
        >>> bootstrap.auc(network)
        0.9375
        >>> low, high = interval_of(bootstrap.aucs(network))
        >>> low < 0.9375 < high
        True
    """

    def __init__(
        self, labels: npt.NDArray[np.int64], classes: int, resamples: int = RESAMPLES, seed: int = 0
    ) -> None:
        rng = np.random.default_rng(seed)
        self._labels = labels
        self._classes = classes
        # This says how often each image is in each resample; its shape is (N, B).
        self._counts = np.empty((len(labels), resamples), np.uint8)
        for label in range(classes):
            members = np.flatnonzero(labels == label)
            even = np.full(len(members), 1 / len(members))
            self._counts[members] = rng.multinomial(len(members), even, size=resamples).T

    def aucs(self, predictions: Sequence[Floats]) -> Floats:
        """Return the macro one-vs-rest AUC of a network in every resample.

        Args:
            predictions: (N, K) class probabilities of each training.

        Returns:
            (B,) areas, each the mean over the trainings.
        """
        return self._mean_aucs(predictions, self._counts)

    def auc(self, predictions: Sequence[Floats]) -> float:
        """Return the macro one-vs-rest AUC of a network on the images themselves, each once.

        Args:
            predictions: (N, K) class probabilities of each training.

        Returns:
            The mean over the trainings.
        """
        return float(self._mean_aucs(predictions, np.ones((len(self._labels), 1), np.uint8))[0])

    def _mean_aucs(self, predictions: Sequence[Floats], counts: npt.NDArray[np.uint8]) -> Floats:
        areas = [
            weighted_aucs(probabilities[:, label], self._labels == label, counts)
            for probabilities in predictions
            for label in range(self._classes)
        ]
        mean: Floats = np.mean(areas, axis=0)
        return mean


def weighted_aucs(
    scores: Floats, positive: npt.NDArray[np.bool_], counts: npt.NDArray[np.uint8]
) -> Floats:
    """Return the area under the ROC curve in every resample.

    The area is the probability that a positive image outranks a negative one.

    Args:
        scores: (N,) scores, higher for more positive.
        positive: (N,) whether each image is positive.
        counts: (N, B) how often each image is in each resample; all resamples have as many
            positives, and as many negatives, as the images.

    Returns:
        (B,) areas; a tie counts half.
    """
    negatives = np.flatnonzero(~positive)
    negatives = negatives[np.argsort(scores[negatives], kind="stable")]
    positives = np.flatnonzero(positive)
    below = np.searchsorted(scores[negatives], scores[positives], side="left")
    up_to = np.searchsorted(scores[negatives], scores[positives], side="right")
    areas = np.empty(counts.shape[1])
    width = max(1, _BLOCK // len(scores))
    for start in range(0, len(areas), width):
        block = slice(start, start + width)
        beaten = counts[negatives, block].astype(np.float64).cumsum(axis=0)
        beaten = np.concatenate([np.zeros((1, beaten.shape[1])), beaten])
        times = counts[positives, block].astype(np.float64)
        areas[block] = np.einsum("ib,ib->b", times, beaten[below] + beaten[up_to]) / 2
    return areas / (len(positives) * len(negatives))


def auc_interval(labels: npt.NDArray[np.int64], probabilities: Floats) -> tuple[float, float]:
    """Return the 95 % interval of the macro one-vs-rest AUC of a network, over the images.

    Args:
        labels: (N,) positions in the class names; every class has images.
        probabilities: (N, K) class probabilities.

    Example:
        >>> labels = np.array([0, 0, 0, 0, 1, 1, 1, 1])
        >>> second = np.array([0.1, 0.2, 0.3, 0.6, 0.4, 0.7, 0.8, 0.9])
        >>> auc_interval(labels, np.stack([1 - second, second], axis=1))
        (0.75, 1.0)
    """
    return interval_of(Bootstrap(labels, probabilities.shape[1]).aucs([probabilities]))


def interval_of(values: Floats) -> tuple[float, float]:
    """Return the interval that holds 95 % of the values, as many left out below as above."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
