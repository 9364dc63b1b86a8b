"""Networks of the API: trained, used on raw pixels, saved and exported."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch

from nas import api
from nas.common.errors import UserError
from nas.data import LensDataset
from nas.train.command import Trained
from search_spaces import HybridNet, SpaceError
from tests.folders import folder
from tests.nas.checkpoints import NAMES, checkpoint

QUICK: dict[str, Any] = {"epochs": 2, "batch_size": 16, "device": "cpu", "track": "none"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("lenses") / "data")


@pytest.fixture
def data(place: Path) -> LensDataset:
    return api.open_data(place)


@pytest.fixture
def trained(data: LensDataset, tmp_path: Path) -> Trained:
    return api.train(data, architecture="symmetric_tiny", run=tmp_path / "run", **QUICK)


def test_a_training_can_be_asked(trained: Trained, data: LensDataset) -> None:
    assert isinstance(trained.network, HybridNet)
    assert {"auc", "accuracy", "averaged_auc", "auc_vortex"} <= trained.scores.keys()
    assert list(trained.epochs.index) == [1, 2]
    assert trained.epochs["val_auc"].max() == pytest.approx(trained.scores["auc"])
    assert f"validation AUC {trained.scores['auc']:.4f}" in repr(trained)
    # The scores are those of the classifier on the pixels of the files.
    val = data.splits().val
    right = trained.classifier.predict(data.images[val]) == np.array(data.classes)[data.labels[val]]
    assert right.mean() == pytest.approx(trained.scores["accuracy"])


def test_a_second_call_in_one_process_finds_the_training(
    data: LensDataset, trained: Trained, tmp_path: Path
) -> None:
    log = (tmp_path / "run" / "log.csv").read_bytes()
    again = api.train(
        str(data.directory), architecture="symmetric_tiny", run=str(tmp_path / "run"), **QUICK
    )
    assert again.scores == trained.scores
    assert (tmp_path / "run" / "log.csv").read_bytes() == log


def test_how_a_data_set_is_read_goes_with_it(place: Path, tmp_path: Path) -> None:
    cropped = api.open_data(place, crop=36)
    trained = api.train(cropped, model="test_resnet", run=tmp_path / "run", **QUICK)
    assert trained.card.image_size == (36, 36)
    table = api.predict(trained.checkpoint, cropped, device="cpu")
    assert len(table) == 60


@pytest.fixture
def classifier(tmp_path: Path) -> api.Classifier:
    checkpoint(tmp_path / "model.safetensors", channels=3)
    return api.Classifier.load(tmp_path / "model.safetensors")


IMAGES = np.random.default_rng(0).normal(2, 1, (7, 3, 32, 32))


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        np.moveaxis(IMAGES, 1, -1),
        torch.tensor(IMAGES),
        torch.tensor(IMAGES, dtype=torch.float32, requires_grad=True),
    ],
    ids=["numpy", "channels last", "torch", "gradients"],
)
def test_a_classifier_takes_raw_pixels(classifier: api.Classifier, images: Any) -> None:
    with torch.no_grad():
        expected = classifier(torch.tensor(IMAGES, dtype=torch.float32)).numpy()
    found = classifier.predict_proba(images)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert classifier.predict(images).tolist() == [NAMES[k] for k in expected.argmax(axis=1)]
    assert classifier.classes == NAMES


def test_more_images_than_a_batch_and_none(classifier: api.Classifier) -> None:
    many = np.concatenate([IMAGES] * 40)
    np.testing.assert_allclose(
        classifier.predict_proba(many)[-7:], classifier.predict_proba(IMAGES), atol=1e-6
    )
    assert classifier.predict_proba(IMAGES[:0]).shape == (0, 3)
    assert classifier.predict(IMAGES[:0]).shape == (0,)


def test_one_channel_need_not_be_an_axis(tmp_path: Path) -> None:
    checkpoint(tmp_path / "model.safetensors")
    classifier = api.Classifier.load(str(tmp_path / "model.safetensors"))
    images = IMAGES[:, 0]
    np.testing.assert_array_equal(
        classifier.predict_proba(images), classifier.predict_proba(images[:, None])
    )


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (IMAGES[:, :1], r"have shape \(1, 32, 32\), the network learned from \(3, 32, 32\)"),
        (IMAGES[0], r"have shape \(32, 32\)"),
        (np.full_like(IMAGES, np.nan), "NaN or infinite pixels"),
    ],
)
def test_images_that_a_classifier_cannot_take(
    classifier: api.Classifier, images: Any, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        classifier.predict_proba(images)


def test_a_saved_classifier_is_a_checkpoint_for_all_commands(
    trained: Trained, data: LensDataset, tmp_path: Path
) -> None:
    kept = tmp_path / "kept.safetensors"
    trained.classifier.save(kept)
    table = api.predict(kept, data, average_symmetries=True, device="cpu")
    averaging = api.Classifier.load(kept, average_symmetries=True)
    np.testing.assert_allclose(
        table[list(data.classes)], averaging.predict_proba(data.images), atol=1e-6
    )
    assert list(table.columns) == ["file", "predicted", *data.classes]
    assert table["file"].is_unique


def test_an_exported_network_says_how_timm_loads_it(trained: Trained, tmp_path: Path) -> None:
    exported = api.export(trained.checkpoint, tmp_path / "lens.onnx")
    scope: dict[str, Any] = {"timm": timm}
    exec(exported.timm_lines, scope)
    same = scope["model"].state_dict()
    assert all(torch.equal(same[key], value) for key, value in trained.network.state_dict().items())
    assert (tmp_path / "lens.onnx").exists()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda data: api.train(data), "give either architecture"),
        (lambda data: api.train("nowhere", model="resnet18"), "nowhere does not exist"),
        (lambda data: api.train(data, modle="resnet18"), "did you mean model"),
        (lambda data: api.train(data, model="resnet18", epochs=0), "epochs"),
        (lambda data: api.predict("nowhere", data), "there is no checkpoint nowhere"),
        (lambda data: api.predict("m", data, out="x.csv"), "there is no setting out"),
        (lambda data: api.export("nowhere", "lens.onnx"), "there is no checkpoint nowhere"),
    ],
)
def test_mistakes_are_exceptions(data: LensDataset, call: Any, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        call(data)


def test_an_architecture_that_is_none(data: LensDataset) -> None:
    with pytest.raises(SpaceError, match="symetric_tiny"):
        api.train(data, architecture="symetric_tiny", **QUICK)
