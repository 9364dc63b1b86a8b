"""Data sets of the API: simulated, opened, made of arrays, and shown."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch.utils.data import Dataset, IterableDataset, TensorDataset

from nas import api
from nas.common.errors import UserError
from nas.data import LensDataset, open_dataset
from nas.data.targets import read_target
from tests.folders import folder

RNG = np.random.default_rng(0)
IMAGES = RNG.random((30, 32, 32), dtype=np.float32)
LABELS = np.arange(30) % 3


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_simulated_data_set_is_open_and_is_simulated_once(capsys: Any) -> None:
    first = api.simulate(images=6, image_size=40, workers=1)
    assert (first.images.shape, first.directory) == ((6, 1, 40, 40), Path("data/simulated"))
    assert api.simulate(images=6, image_size=40, workers=1).fingerprint == first.fingerprint
    assert capsys.readouterr().err.count("simulating done") == 1
    truth = first.parameters
    assert truth["class"].tolist() == [first.classes[label] for label in first.labels]
    assert (truth.loc[truth["class"] == "subhalo", "subhalo_number"] > 0).all()
    Path("data/simulated/parameters.parquet").unlink()
    with pytest.raises(UserError, match=r"parameters\.parquet is missing: copy it again"):
        _ = first.parameters


def test_nobody_knows_the_parameters_of_images_that_were_not_simulated() -> None:
    with pytest.raises(UserError, match="was not simulated"):
        _ = api.from_arrays(IMAGES, LABELS).parameters


def test_a_directory_is_opened_with_options() -> None:
    folder(Path("lenses"))
    data = api.open_data("lenses", crop=40)
    assert data.images.shape == (60, 1, 40, 40)
    assert data.options.crop == 40


@pytest.mark.parametrize(
    "images",
    [
        IMAGES,
        IMAGES[:, None],
        IMAGES[..., None],
        np.repeat(IMAGES[..., None], 3, axis=-1),
        (IMAGES * 200).astype(np.uint8),
        torch.tensor(IMAGES),
        torch.tensor(IMAGES).to(torch.bfloat16),
        list(IMAGES),
    ],
    ids=["flat", "first", "last", "colours", "counts", "torch", "bfloat16", "list"],
)
def test_arrays_of_any_kind(images: Any) -> None:
    data = api.from_arrays(images, LABELS, classes=("no_sub", "cdm", "axion"))
    whole = np.asarray(images.float() if isinstance(images, torch.Tensor) else images)
    channels = np.moveaxis(whole, -1, 1) if whole.shape[-1] < 32 else whole.reshape(30, -1, 32, 32)
    np.testing.assert_array_equal(data.images, channels.astype(np.float32))
    assert data.labels.tolist() == LABELS.tolist()
    assert data.classes == ("no_substructure", "subhalo", "vortex")


def test_a_torch_dataset() -> None:
    pairs = TensorDataset(torch.tensor(IMAGES), torch.tensor(LABELS))
    data = api.from_arrays(pairs, classes=("a", "b", "c"), val=pairs)
    assert data.counts.to_dict() == {
        "train": {"a": 10, "b": 10, "c": 10},
        "val": {"a": 10, "b": 10, "c": 10},
        "all": {"a": 20, "b": 20, "c": 20},
    }
    with pytest.raises(UserError, match="labels of its own"):
        api.from_arrays(pairs, LABELS)


class Pairs(Dataset[Any]):
    """What a program of somebody else gives, item by item."""

    def __init__(self, *parts: Any) -> None:
        self._items = list(zip(*parts, strict=True))

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, number: int) -> Any:
        return self._items[number]


class Stream(IterableDataset[Any]):
    """A torch Dataset without a length."""

    def __iter__(self) -> Iterator[Any]:
        return zip(IMAGES, LABELS, strict=True)


def test_a_torch_dataset_of_class_names() -> None:
    words = np.array(["ring", "arc", "none"])[LABELS]
    data = api.from_arrays(Pairs(IMAGES, words.tolist()), val=Pairs(IMAGES, words.tolist()))
    assert data.classes == ("arc", "none", "ring")
    assert [data.classes[label] for label in data.labels] == [*words, *words]


def test_labels_name_their_classes() -> None:
    words = np.array(["ring", "arc", "none"], dtype=object)[LABELS]
    data = api.from_arrays(IMAGES, words)
    assert data.classes == ("arc", "none", "ring")
    assert [data.classes[label] for label in data.labels] == words.tolist()
    ordered = api.from_arrays(IMAGES, words, classes=("ring", "arc", "none"))
    assert ordered.labels.tolist() == LABELS.tolist()
    public = np.array(["vort", "no", "sphere"])[LABELS]
    assert api.from_arrays(IMAGES, public).labels.tolist() == ((LABELS + 2) % 3).tolist()
    assert api.from_arrays(IMAGES, LABELS * 5.0).classes == ("class_0", "class_5", "class_10")


def test_own_splits_are_kept() -> None:
    data = api.from_arrays(
        IMAGES, LABELS, val=(IMAGES[:6] + 1, LABELS[:6]), test=(IMAGES[:9] + 2, LABELS[:9])
    )
    splits = data.splits()
    assert (len(splits.train), len(splits.val), len(splits.test)) == (30, 6, 9)
    assert splits.made == ()
    np.testing.assert_array_equal(data.images[splits.test][:, 0], IMAGES[:9] + 2)


def test_equal_arrays_are_written_once_and_commands_know_them(here: Path) -> None:
    first = api.from_arrays(IMAGES, LABELS, classes=("a", "b", "c"))
    again = api.from_arrays(IMAGES.copy(), LABELS.tolist(), classes=["a", "b", "c"])
    other = api.from_arrays(IMAGES, LABELS, classes=("b", "a", "c"))
    assert again.directory == first.directory != other.directory
    assert sorted(path.name for path in (here / "data").iterdir()) == sorted(
        {first.directory.name, other.directory.name}
    )
    # The directory alone says everything.
    alone = open_dataset(first.directory)
    assert (alone.fingerprint, alone.classes) == (first.fingerprint, ("a", "b", "c"))


def test_a_directory_with_something_else_is_left_alone(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "diary.txt").write_text("dear")
    with pytest.raises(UserError, match="mine holds something else"):
        api.from_arrays(IMAGES, LABELS, out="mine")
    assert [path.name for path in (here / "mine").iterdir()] == ["diary.txt"]
    api.from_arrays(IMAGES, LABELS, out="own")
    with pytest.raises(UserError, match="own holds something else"):
        api.from_arrays(IMAGES + 1, LABELS, out="own")


NAN = IMAGES.copy()
NAN[4, 0, 0] = np.nan


@pytest.mark.parametrize(
    ("images", "labels", "more", "sentence"),
    [
        (IMAGES, LABELS[:-1], {}, "30 images, but labels of shape"),
        (IMAGES, 5, {}, "30 images, but labels of shape"),
        (IMAGES, None, {}, "labels are missing"),
        (IMAGES, LABELS, {"classes": ("a", "b")}, "label 2 is none of the 2 classes"),
        (IMAGES, LABELS - 1, {"classes": ("a", "b", "c")}, "label -1 is none of the 3"),
        (IMAGES, LABELS, {"classes": ("a", "b", "c", "d")}, "no image is of class d"),
        (IMAGES, LABELS, {"classes": ("a", "a", "b")}, "a class is named twice"),
        (IMAGES, LABELS, {"classes": ("cdm", "sphere", "b")}, "a class is named twice"),
        (IMAGES, np.zeros(30), {}, "all images are of one class, class_0"),
        (IMAGES, LABELS + 0.5, {}, "labels are of type float64"),
        (IMAGES, np.eye(3)[LABELS], {}, "labels have shape"),
        (IMAGES.astype(object), LABELS, {}, "array of objects"),
        (IMAGES.astype(str), LABELS, {}, "not numbers"),
        ([IMAGES[0], IMAGES[1, :20]], [0, 1], {}, "different shapes"),
        (IMAGES[0], LABELS, {}, "images have shape"),
        (IMAGES[:0], [], {}, "images have shape"),
        (NAN, LABELS, {}, "1 of 30 images hold NaN or infinite pixels, the first is number 4"),
        (IMAGES[:, :20, :20], LABELS, {}, "20 × 20 pixels are too small"),
        (IMAGES, LABELS, {"crop": 16}, "16 × 16 pixels are too small"),
        (IMAGES, LABELS, {"val": (IMAGES[:, 1:], LABELS)}, "different shapes"),
        (IMAGES, LABELS, {"val": (IMAGES, LABELS.astype(str))}, "some labels are numbers"),
        (np.ones((3, 40, 40, 40)), [0, 1, 1], {}, "say with channel_axis"),
        (IMAGES, LABELS, {"fil_nan": True}, "did you mean fill_nan"),
        (Pairs(IMAGES, LABELS + 0.5), None, {}, "labels are of type float64"),
        (Pairs(IMAGES, np.eye(3)[LABELS]), None, {}, r"labels have shape \(30, 3\)"),
        (Pairs(IMAGES, [[0, 1], [1]] * 15), None, {}, "labels have different shapes"),
        (Pairs(IMAGES, LABELS, LABELS), None, {}, "item 0 of the Dataset is no pair"),
        (Stream(), None, {}, "Stream does not say how many images it has"),
        (IMAGES, LABELS, {"val": (IMAGES, LABELS, LABELS)}, "val is no pair"),
        (IMAGES, LABELS, {"test": IMAGES}, "test is no pair"),
    ],
)
def test_what_cannot_be_a_data_set(
    here: Path, images: Any, labels: Any, more: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        api.from_arrays(images, labels, **more)
    assert not list(here.rglob("*.npy"))


def test_few_pixels_that_are_no_numbers_are_filled() -> None:
    assert np.isfinite(api.from_arrays(NAN, LABELS, fill_nan=True).images).all()


@pytest.fixture
def data() -> LensDataset:
    return api.from_arrays(IMAGES, LABELS, classes=("<b>", "lens", "c"), out="of_arrays")


def test_a_data_set_is_shown_in_short(data: LensDataset) -> None:
    assert repr(data) == "LensDataset(of_arrays: 30 images of 1 × 32 × 32, <b> 10, lens 10, c 10)"
    shown = data._repr_html_()
    assert "of_arrays" in shown
    assert shown.count("<tr") == 4
    assert "<td>10</td>" in shown
    assert "&lt;b&gt;" in shown


def test_a_data_set_is_drawn_once_in_a_notebook(data: LensDataset) -> None:
    figure = data.plot(columns=2)
    drawn = [image for axes in figure.axes for image in axes.images]
    assert sum(image.get_array().shape == (32, 32) for image in drawn) == 6
    assert {
        image.get_interpolation() for image in drawn if image.get_array().shape == (32, 32)
    } == {"nearest"}
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_keywords_are_shown_where_a_notebook_asks() -> None:
    shown = inspect.signature(api.simulate).parameters
    assert shown["nuisance"].default == 0.5
    assert "settings" not in shown
    with pytest.raises(UserError, match="there is no setting image: did you mean images"):
        api.simulate(image=3)
    with pytest.raises(UserError, match=r"\(images: expected a whole number, got many"):
        api.simulate(images="many")


def test_numbers_of_arrays_are_targets_and_need_no_labels() -> None:
    images = np.random.default_rng(0).random((40, 32, 32), dtype=np.float32)
    radii = np.where(np.arange(40) < 30, np.linspace(1, 4, 40), np.nan)
    data = api.from_arrays(images, numbers={"radius": radii})
    assert data.parameters["radius"].equals(pd.Series(radii))
    values, unit = read_target(data, "log10_radius")
    assert values == pytest.approx(np.log10(radii), nan_ok=True)
    assert unit == "log10"
    labelled = api.from_arrays(images, np.arange(40) % 2, numbers={"radius": radii})
    assert len(labelled.classes) == 2
    assert labelled.parameters.equals(data.parameters)
    other = api.from_arrays(images, numbers={"radius": radii + 1})
    assert other.directory != data.directory
    asked = api.train(
        data=data, task="regression", target="radius", architecture="symmetric_tiny", epochs=1
    )
    assert np.isfinite(asked.regressor.predict(images[:3])).all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"numbers": {"radius": [1.0, 2.0]}}, "40 images, but numbers of 2"),
        ({"numbers": {"radius": ["a"] * 40}}, "numbers cannot be used"),
        ({"numbers": {"radius": [1.0] * 40}, "val": (1, 2)}, "leave val and test out"),
        ({"labels": [0.5] * 40}, "as numbers"),
    ],
)
def test_numbers_that_cannot_be_used(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        api.from_arrays(np.zeros((40, 32, 32)), **given)
    assert not Path("data").exists()
