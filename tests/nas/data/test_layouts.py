"""Every layout found in public DeepLense loaders, each in a small directory of its own."""

from pathlib import Path

import numpy as np
import pytest

from nas.common.errors import UserError
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ReadOptions
from tests.nas.data import builders

DARK = ["no_substructure", "subhalo", "vortex"]


def counts(dataset: LensDataset) -> dict[str, list[int]]:
    """Return the number of images of each class by split, in label order."""
    return {
        split: [by.get(c, 0) for c in dataset.classes]
        for split, by in dataset.info["splits"].items()
    }


def test_common_task(tmp_path: Path) -> None:
    builders.common_task(tmp_path)
    for directory in (tmp_path, tmp_path / "dataset"):
        dataset = open_dataset(directory)
        assert list(dataset.classes) == DARK
        assert dataset.info["image_shape"] == [1, 150, 150]
        assert dataset.info["dtype"] == "float64"
        assert counts(dataset) == {"train": [6, 6, 6], "val": [3, 3, 3]}
        assert dataset.info["skipped"] == []
        assert dataset.images.shape == (27, 1, 150, 150)
        assert dataset.images.dtype == np.float32


def test_labels_follow_the_canonical_order_not_the_listing(tmp_path: Path) -> None:
    # The folder axion comes first in a listing, and its label is 2 all the same.
    builders.dark_matter(tmp_path / "Model_II", (3, 4, 5), (64, 64))
    dataset = open_dataset(tmp_path)
    by_folder = dataset.table.groupby(dataset.table["file"].str.split("/").str[-2])[
        "label"
    ].unique()
    assert {name: list(labels) for name, labels in by_folder.items()} == {
        "axion": [2],
        "cdm": [1],
        "no_sub": [0],
    }


def test_model_1_counts_become_floats_and_masses_are_kept(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path / "Model_I", (5, 5, 5), (150, 150), "int64")
    builders.dark_matter(tmp_path / "Model_I_test", (2, 2, 2), (150, 150), "int64")
    dataset = open_dataset(tmp_path)
    assert dataset.info["dtype"] == "int64"
    assert dataset.info["image_shape"] == [1, 150, 150]
    assert counts(dataset) == {"train": [5, 5, 5], "test": [2, 2, 2]}
    vortices = dataset.table[dataset.table["label"] == 2]
    assert vortices["axion_mass"].between(1e-24, 1e-22).all()
    assert dataset.table[dataset.table["label"] != 2]["axion_mass"].isna().all()
    position = 0
    original = np.load(tmp_path / dataset.table["file"][position], allow_pickle=True)
    np.testing.assert_array_equal(
        dataset.images[position, 0], np.asarray(original[0], dtype=np.float32)
    )


@pytest.mark.parametrize("inside", [False, True])
def test_model_1_test_opened_alone_is_a_test_split(tmp_path: Path, inside: bool) -> None:
    builders.dark_matter(tmp_path / "Model_I", (2, 2, 2), (20, 20))
    builders.dark_matter(tmp_path / "Model_I_test", (3, 3, 3), (20, 20))
    directory = tmp_path / ("Model_I_test" if inside else "Model_I")
    split = "test" if inside else "all"
    assert list(open_dataset(directory).info["splits"]) == [split]


def test_model_2_without_splits(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path / "archive" / "Model_II", (4, 4, 4), (64, 64))
    dataset = open_dataset(tmp_path)
    assert dataset.info["layout"] == "class_folders"
    assert counts(dataset) == {"all": [4, 4, 4]}
    assert dataset.info["image_shape"] == [1, 64, 64]


@pytest.mark.parametrize("splits", [("train", "val"), ()])
def test_model_4_released(tmp_path: Path, splits: tuple[str, ...]) -> None:
    root = tmp_path / "Model_IV"
    for part in splits or (".",):
        builders.dark_matter(root / part, (10, 3, 8), (1, 64, 64))
    dataset = open_dataset(tmp_path)
    assert list(dataset.info["splits"]) == list(splits or ["all"])
    assert counts(dataset)[splits[0] if splits else "all"] == [10, 3, 8]
    assert dataset.info["image_shape"] == [1, 64, 64]


def test_model_4_script(tmp_path: Path) -> None:
    for split in ("train", "val"):
        for name in ("axion", "cdm", "no"):
            builders.folder(tmp_path / split / name, 3, (64, 64, 3))
    dataset = open_dataset(tmp_path)
    assert dataset.info["image_shape"] == [3, 64, 64]
    assert counts(dataset) == {"train": [3, 3, 3], "val": [3, 3, 3]}
    original = np.load(tmp_path / dataset.table["file"][0])
    np.testing.assert_array_equal(dataset.images[0], np.moveaxis(original, 2, 0).astype(np.float32))


@pytest.mark.parametrize("name", ["images_f", "images_j"])
def test_model_f_and_j_folders(tmp_path: Path, name: str) -> None:
    for split in ("train", "val"):
        for part in ("no", "sphere", "vort"):
            builders.folder(tmp_path / name / split / part, 2, (150, 150))
    assert counts(open_dataset(tmp_path)) == {"train": [2, 2, 2], "val": [2, 2, 2]}


def test_model_f_packed(tmp_path: Path) -> None:
    images, labels = builders.image((9, 1, 150, 150), "float32"), np.arange(9).reshape(9, 1) % 3
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    dataset = open_dataset(tmp_path)
    assert dataset.info["layout"] == "packed"
    assert list(dataset.classes) == DARK
    assert "taken for" in dataset.info["notes"][0]
    np.testing.assert_array_equal(dataset.images, images)
    np.testing.assert_array_equal(dataset.labels, labels[:, 0])
    named = open_dataset(tmp_path, ReadOptions(classes=("vort", "no", "mine")))
    assert named.classes == ("vortex", "no_substructure", "mine")


def test_packed_with_splits_in_the_names(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("test", 4)):
        np.save(tmp_path / f"x_{split}.npy", builders.image((count, 20, 20)))
        np.save(tmp_path / f"y_{split}.npy", np.arange(count) % 2)
    dataset = open_dataset(tmp_path)
    assert counts(dataset) == {"train": [3, 3], "test": [2, 2]}
    assert dataset.classes == ("class_0", "class_1")


def test_with_and_without_substructure(tmp_path: Path) -> None:
    builders.picture_folder(tmp_path / "no_sub", 3, (150, 150), ".jpg")
    builders.picture_folder(tmp_path / "sub", 3, (150, 150), ".png")
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("no_substructure", "substructure")
    assert dataset.info["image_shape"] == [1, 150, 150]
    assert dataset.info["dtype"] == "uint8"


def test_lenses_with_the_split_in_the_class_name(tmp_path: Path) -> None:
    for split, count in (("train", 4), ("test", 2)):
        for name in ("lenses", "nonlenses"):
            builders.folder(tmp_path / f"{split}_{name}", count, (3, 64, 64))
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("lens", "nonlens")
    assert counts(dataset) == {"train": [4, 4], "test": [2, 2]}


@pytest.mark.parametrize(
    ("lens", "other"),
    [
        ("lens", "nolens"),
        ("Lens", "NoLens"),
        ("lenses", "no_lens"),
        ("lens", "non_lens"),
        ("lensed", "nonlensed"),
        ("Lensed", "Unlensed"),
        ("lens", "not lens"),
    ],
)
def test_names_of_lenses_and_of_what_is_none(tmp_path: Path, lens: str, other: str) -> None:
    for split in ("train", "test"):
        for name in (lens, other):
            builders.folder(tmp_path / split / name, 2, (16, 16))
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("lens", "nonlens")
    assert counts(dataset) == {"train": [2, 2], "test": [2, 2]}


def test_lenses_of_varying_size(tmp_path: Path) -> None:
    sizes = [(30, 41), (52, 60), (47, 33), (64, 64), (28, 28), (80, 75)]
    for name in ("lenses", "nonlenses"):
        (tmp_path / name).mkdir()
        for number, (height, width) in enumerate(sizes):
            np.save(tmp_path / name / f"{number}.npy", builders.image((3, height, width)))
    dataset = open_dataset(tmp_path)
    channels, height, width = dataset.info["image_shape"]
    assert channels == 3
    assert height == width
    assert dataset.info["resized"] == {"cropped": 6, "padded": 6}
    assert len(dataset.images) == 12
    small = np.load(tmp_path / "lenses" / "4.npy")
    row = dataset.table.index[dataset.table["file"] == "lenses/4.npy"][0]
    start = (height - 28) // 2
    np.testing.assert_array_equal(
        dataset.images[row, :, start : start + 28, start : start + 28], small.astype(np.float32)
    )
    assert dataset.images[row].sum() == pytest.approx(small.sum(), rel=1e-5)
    assert open_dataset(tmp_path, ReadOptions(crop=32)).info["image_shape"] == [3, 32, 32]


def test_unknown_classes_keep_their_names(tmp_path: Path) -> None:
    for name in ("spirals", "mergers"):
        builders.folder(tmp_path / name, 2, (16, 16))
    assert open_dataset(tmp_path).classes == ("mergers", "spirals")


def test_files_in_parts_of_a_class_folder(tmp_path: Path) -> None:
    for part in ("part_1", "part_2"):
        builders.folder(tmp_path / "no_sub" / part, 2, (16, 16))
    builders.folder(tmp_path / "cdm", 3, (16, 16))
    assert counts(open_dataset(tmp_path)) == {"all": [4, 3]}


def test_a_wrong_guess_can_be_overridden(tmp_path: Path) -> None:
    # Somebody named classes like splits.
    for name in ("test_beam", "train_station"):
        builders.folder(tmp_path / name, 3, (6, 6, 6))
    with pytest.raises(UserError, match="--channel-axis"):
        open_dataset(tmp_path, ReadOptions(layout="class_folders"))
    dataset = open_dataset(tmp_path, ReadOptions(layout="class_folders", channel_axis="last"))
    assert dataset.classes == ("test_beam", "train_station")
    assert dataset.info["image_shape"] == [6, 6, 6]
    assert counts(dataset) == {"all": [3, 3]}


def test_several_data_sets_are_not_mixed(tmp_path: Path) -> None:
    for name in ("Model_I", "Model_II"):
        builders.dark_matter(tmp_path / name, (2, 2, 2), (16, 16))
    with pytest.raises(UserError, match="Model_I, Model_II"):
        open_dataset(tmp_path)


def test_other_pictures_beside_the_data_are_passed_over(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path / "data", (2, 2, 2), (16, 16))
    builders.picture_folder(tmp_path / "figures", 1, (9, 9), ".png")
    dataset = open_dataset(tmp_path)
    assert list(dataset.classes) == DARK
    assert "figures" in dataset.info["notes"][0]
