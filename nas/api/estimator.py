"""A classifier with the conventions of scikit-learn, which searches for its network."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
)

from nas.api.comparisons import retrain
from nas.api.data import from_arrays
from nas.api.searches import SearchResult, search
from nas.cluster.connection import cluster
from nas.common.files import short_digest
from nas.common.settings import SPACE
from nas.data.dataset import LensDataset
from nas.retrain.retrained import Retrained

# The final training is expected to take so many times what the candidate's own says, for other
# work shares the machine.
_CAUTION = 1.5


class LensClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classify images by the best network that a search finds for them.

    ``fit`` searches, trains the best network from scratch, and keeps it. Of the images it is given,
    15 % of each class choose the network and its epoch, and 15 % judge it, which ``scores_`` tells.

    Args:
        trials: candidates to evaluate.
        time_budget: seconds that a fit may take; None for as many as ``trials`` take. The search
            ends early where the final training would no longer fit in. One candidate is always
            evaluated, and the best is always trained.
        space: search space.
        strategy: who proposes candidates.
        max_params: parameters that a network may have; None for any number.
        candidate_epochs: passes over the images for a candidate.
        epochs: passes over the images for the final network.
        batch_size: images in a batch.
        workers: candidates that are trained at a time; None for one for each core, at most 4.
        device: where the final network is trained: auto, cpu, cuda or cuda:1.
        directory: directory to keep the search and its data in, so that the same fit goes on after
            an interruption; None keeps nothing.
        random_state: seed of everything random.

    Attributes:
        classes_: labels, in the order of the columns of ``predict_proba``.
        classifier_: network from pixels to class probabilities, which can be saved.
        architecture_: line of the network's architecture.
        scores_: validation and test scores of the network.

    Example:
        A search of some minutes, judged by images that it never saw::

            from sklearn.model_selection import train_test_split

            from nas import LensClassifier

            X_train, X_test, y_train, y_test = train_test_split(images, labels, stratify=labels)
            lenses = LensClassifier(time_budget=600).fit(X_train, y_train)
            print(lenses.score(X_test, y_test), lenses.architecture_)

        >>> from nas import LensClassifier
        >>> LensClassifier(trials=5).get_params()["trials"]
        5
    """

    def __init__(
        self,
        *,
        trials: int = 20,
        time_budget: float | None = None,
        space: str = SPACE,
        strategy: str = "evolution",
        max_params: int | None = None,
        candidate_epochs: int = 5,
        epochs: int = 20,
        batch_size: int = 32,
        workers: int | None = None,
        device: str = "auto",
        directory: str | None = None,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.trials = trials
        self.time_budget = time_budget
        self.space = space
        self.strategy = strategy
        self.max_params = max_params
        self.candidate_epochs = candidate_epochs
        self.epochs = epochs
        self.batch_size = batch_size
        self.workers = workers
        self.device = device
        self.directory = directory
        self.random_state = random_state

    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Self:
        """Search for a network, train the best one, and keep it.

        Args:
            X: images (N, H, W), (N, C, H, W) or (N, H, W, C).
            y: labels (N,).

        Raises:
            ValueError: the images or labels are none.
            UserError: the images are too few or too small, or a parameter cannot be used.
        """
        start = time.monotonic()
        images = _images(X)
        labels = column_or_1d(y, warn=True)
        check_consistent_length(images, labels)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"y has only one class, {self.classes_[0]}: give two or more")
        with self._place() as place, cluster():
            names = [str(label) for label in self.classes_]
            data = from_arrays(images, numbers, classes=names, out=place / "data")
            found = self._search(data, place, start)
            best = self._retrain(found)
            self.classifier_ = best.classifier  # is read while its file is there
        self.architecture_ = best.summaries[0].architecture
        self.scores_ = best.scores
        return self

    def predict_proba(self, X: npt.ArrayLike) -> npt.NDArray[np.float32]:
        """Return the class probabilities (N, K) of images, in the order of ``classes_``.

        Args:
            X: images like those of ``fit``.
        """
        check_is_fitted(self)
        return self.classifier_.predict_proba(_images(X))

    def predict(self, X: npt.ArrayLike) -> npt.NDArray[Any]:
        """Return the most probable label of each image (N,).

        Args:
            X: images like those of ``fit``.
        """
        best = self.predict_proba(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        return tags

    @contextmanager
    def _place(self) -> Iterator[Path]:
        """Yield the directory of this fit, which is kept where the user named one."""
        if self.directory is not None:
            yield Path(self.directory)
            return
        with tempfile.TemporaryDirectory(prefix="lens-nas-") as name:
            yield Path(name)

    def _search(self, data: LensDataset, place: Path, start: float) -> SearchResult:
        """Evaluate candidates step by step, as long as the final training still fits in."""
        asked: dict[str, Any] = {
            "fidelity": "scratch",
            "space": self.space,
            "strategy": self.strategy,
            "max_params": self.max_params,
            "epochs": self.candidate_epochs,
            "batch_size": self.batch_size,
            "seed": int(check_random_state(self.random_state).randint(2**31 - 1)),
        }
        run = place / f"search-{short_digest({**asked, 'data': data.fingerprint})}"
        step = self.trials if self.time_budget is None else self.workers or 1
        free: dict[str, Any] = {"workers": self.workers, "track": "none"}
        trials = 0
        while True:
            trials = min(trials + step, self.trials)
            begun = time.monotonic()
            if (run / "config.yaml").exists():
                found = search(data, resume=run, trials=trials, **free)
            else:
                found = search(data, run=run, trials=trials, **asked, **free)
            now = time.monotonic()
            ahead = (now - begun) + self._seconds_to_train(found)
            if trials == self.trials or (now - start) + ahead > (self.time_budget or np.inf):
                return found

    def _seconds_to_train(self, found: SearchResult) -> float:
        seconds = found.best.seconds or 0.0
        return _CAUTION * seconds * self.epochs / self.candidate_epochs

    def _retrain(self, found: SearchResult) -> Retrained:
        return retrain(
            found,
            seeds=1,
            epochs=self.epochs,
            batch_size=self.batch_size,
            device=self.device,
            track="none",
        )


def _images(values: npt.ArrayLike) -> npt.NDArray[Any]:
    images: npt.NDArray[Any] = check_array(
        values, dtype="numeric", ensure_2d=False, allow_nd=True, input_name="X"
    )
    return images
