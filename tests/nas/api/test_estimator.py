"""The classifier with scikit-learn's conventions: its checks, real fits, budgets and mistakes."""

import tempfile
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

import nas
from nas import LensClassifier, api
from nas.api import estimator
from nas.common.errors import UserError
from tests.nas.search.runs import LINES, searched

QUICK: dict[str, Any] = {
    "trials": 1,
    "candidate_epochs": 1,
    "epochs": 1,
    "batch_size": 16,
    "max_params": 40_000,
    "workers": 1,
    "device": "cpu",
}

# Why a check says nothing of a classifier of images.
MEANT_FOR_TABLES = {
    "check_classifiers_train": "asks for a good accuracy on tables of two features, of which no "
    "image can be made that a network learns from in a moment",
    "check_array_api_input": "needs a setting of SciPy that is made before Python starts",
}

LABELS = np.array(["ring", "arc"])[np.arange(60) % 2]
IMAGES = np.random.default_rng(0).random((60, 32, 32), dtype=np.float32)
IMAGES += (LABELS == "ring")[:, None, None]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let searches find an architecture at once, and without Ray."""

    def search(
        data: Any, run: Path | None = None, resume: Path | None = None, **settings: Any
    ) -> api.SearchResult:
        place = resume or run
        assert place is not None
        if resume is None:
            searched(place, data.directory)
        return api.SearchResult(place)

    monkeypatch.setattr(estimator, "search", search)
    monkeypatch.setattr(estimator, "cluster", nullcontext)


class OnFeatures(LensClassifier):
    """Takes tables of features, with which scikit-learn checks; a row's features make an image."""

    def fit(self, X: Any, y: Any) -> "OnFeatures":
        return super().fit(_as_images(validate_data(self, X)), y)

    def predict_proba(self, X: Any) -> npt.NDArray[np.float32]:
        check_is_fitted(self)
        return super().predict_proba(_as_images(validate_data(self, X, reset=False)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        return tags


def _as_images(table: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.stack([np.resize(row, (32, 32)) for row in table])


@parametrize_with_checks(
    [OnFeatures(**QUICK)], expected_failed_checks=lambda checked: MEANT_FOR_TABLES
)
def test_the_conventions_of_scikit_learn(
    estimator: Any, check: Callable[[Any], None], at_once: None
) -> None:
    check(estimator)


def test_a_fit_searches_trains_and_leaves_nothing_behind(here: Path) -> None:
    lenses = LensClassifier(**QUICK).fit(IMAGES, LABELS)
    assert lenses.classes_.tolist() == ["arc", "ring"]
    probabilities = lenses.predict_proba(IMAGES)
    assert probabilities.shape == (60, 2)
    np.testing.assert_array_equal(
        lenses.predict(IMAGES), lenses.classes_[probabilities.argmax(axis=1)]
    )
    assert lenses.score(IMAGES, LABELS) == (lenses.predict(IMAGES) == LABELS).mean()
    assert lenses.architecture_.startswith("lens_nano/")
    assert {"validation_auc", "test_auc"} <= set(lenses.scores_.columns)
    assert list(here.iterdir()) == []
    lenses.classifier_.save("lenses.safetensors")
    kept = api.Classifier.load("lenses.safetensors")
    np.testing.assert_array_equal(kept.predict_proba(IMAGES), probabilities)


@pytest.mark.usefixtures("at_once")
class TestQuickly:
    def test_images_are_cross_validated(self) -> None:
        colours = np.repeat(IMAGES[..., None], 3, axis=-1)
        scores = cross_val_score(
            LensClassifier(**QUICK), colours, LABELS, cv=2, error_score="raise"
        )
        assert scores.shape == (2,)

    def test_a_clone_finds_the_same(self) -> None:
        first = LensClassifier(**QUICK).fit(IMAGES, LABELS)
        again = clone(first).fit(IMAGES, LABELS)
        np.testing.assert_array_equal(again.predict_proba(IMAGES), first.predict_proba(IMAGES))
        assert first.architecture_ == LINES[0]

    @pytest.mark.parametrize(
        ("values", "labels", "kind", "sentence"),
        [
            (IMAGES, LABELS[:-1], ValueError, "inconsistent numbers of samples"),
            (IMAGES, ["ring"] * 60, ValueError, "only one class, ring"),
            (IMAGES * np.nan, LABELS, ValueError, "NaN"),
            (IMAGES, np.linspace(0, 1, 60), ValueError, "continuous"),
            (IMAGES.reshape(60, -1), LABELS, UserError, r"images have shape \(60, 1024\)"),
            (IMAGES[:4], LABELS[:4], UserError, "too few for the missing val and test split"),
        ],
    )
    def test_mistakes(self, values: Any, labels: Any, kind: Any, sentence: str) -> None:
        with pytest.raises(kind, match=sentence):
            LensClassifier(**QUICK).fit(values, labels)


@pytest.mark.parametrize(
    ("seconds", "asked"),
    [(0.0, [1, 2, 3]), (1e6, [1])],
    ids=["time is left", "the final training takes all"],
)
def test_a_search_ends_where_the_final_training_would_not_fit_in(
    at_once: None, monkeypatch: pytest.MonkeyPatch, seconds: float, asked: list[int]
) -> None:
    trials: list[int] = []
    find = estimator.search

    def search(*arguments: Any, **settings: Any) -> Any:
        trials.append(settings["trials"])
        found = find(*arguments, **settings)
        best = SimpleNamespace(seconds=seconds)
        return SimpleNamespace(best=best, __fspath__=found.__fspath__, directory=found.directory)

    monkeypatch.setattr(estimator, "search", search)
    monkeypatch.setattr(
        estimator, "retrain", lambda found, **settings: api.retrain(found.directory, **settings)
    )
    LensClassifier(**{**QUICK, "trials": 3}, time_budget=3600).fit(IMAGES, LABELS)
    assert trials == asked


def test_a_fit_that_was_interrupted_goes_on(
    at_once: None, monkeypatch: pytest.MonkeyPatch, here: Path
) -> None:
    calls: list[set[str]] = []
    find = estimator.search

    def search(*arguments: Any, **settings: Any) -> Any:
        calls.append(settings.keys() & {"run", "resume"})
        found = find(*arguments, **settings)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return found

    monkeypatch.setattr(estimator, "search", search)
    lenses = LensClassifier(**QUICK, directory="kept")
    with pytest.raises(KeyboardInterrupt):
        lenses.fit(IMAGES, LABELS)
    assert lenses.fit(IMAGES, LABELS).score(IMAGES, LABELS) >= 0
    assert calls == [{"run"}, {"resume"}]
    assert [path.name for path in here.iterdir()] == ["kept"]


def test_the_package_has_it() -> None:
    assert nas.LensClassifier is api.LensClassifier
