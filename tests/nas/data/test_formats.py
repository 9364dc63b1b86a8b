"""Files of every type, in every layout: the same images are the same data set."""

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from astropy.io import fits

from nas.common.errors import UserError
from nas.data.dataset import LensDataset, open_dataset
from nas.data.options import ReadOptions
from tests.nas.data import builders
from tests.nas.data.formats import ALL, MANY, Write, npz
from tests.running import Run

CLASSES = ("no_sub", "cdm", "axion")
DARK = ("no_substructure", "subhalo", "vortex")


def images(count: int, *shape: int) -> np.ndarray:
    return builders.image((count, *(shape or (16, 16))), "float32")


def counts(dataset: LensDataset) -> dict[str, list[int]]:
    return {
        split: [by.get(name, 0) for name in dataset.classes]
        for split, by in dataset.info["splits"].items()
    }


@pytest.mark.parametrize("shape", [(16, 16), (3, 16, 16), (16, 16, 3)])
@pytest.mark.parametrize("ending", ALL)
def test_one_image_a_file(tmp_path: Path, ending: str, shape: tuple[int, ...]) -> None:
    for name in CLASSES:
        for place in ("as_npy", "other"):
            (tmp_path / place / name).mkdir(parents=True)
        for number, image in enumerate(images(3, *shape)):
            np.save(tmp_path / "as_npy" / name / f"{number}.npy", image)
            ALL[ending](tmp_path / "other" / name / f"{number}{ending}", {"image": image})
    expected, dataset = (open_dataset(tmp_path / place) for place in ("as_npy", "other"))
    assert dataset.classes == DARK
    assert dataset.fingerprint == expected.fingerprint
    assert dataset.info["dtype"] == "float32"
    assert dataset.info["skipped"] == []


@pytest.mark.parametrize("ending", MANY)
def test_an_image_among_what_else_is_known_of_it(tmp_path: Path, ending: str) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for number, image in enumerate(images(2)):
            rest = {"mask": np.ones((16, 16)), "redshift": np.array([0.5]), "psf": np.ones((5, 5))}
            MANY[ending](tmp_path / name / f"{number}{ending}", {**rest, "image": image})
    dataset = open_dataset(tmp_path)
    assert dataset.images.shape == (6, 1, 16, 16)
    (row,) = np.flatnonzero(dataset.table["file"] == f"axion/1{ending}")
    np.testing.assert_array_equal(dataset.images[row, 0], image)


def test_arrays_of_which_none_is_called_an_image_are_named(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        npz(tmp_path / name / "0.npz", {"lens": images(1)[0], "source": images(1)[0]})
    with pytest.raises(UserError, match=r"2 arrays \(lens, source\) and none is called image"):
        open_dataset(tmp_path)


def packed(write: Write, ending: str, place: Path, arrays: dict[str, np.ndarray]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    write(place / f"lenses{ending}", arrays)


@pytest.mark.parametrize("shape", [(1, 16, 16), (16, 16), (16, 16, 3)])
@pytest.mark.parametrize("ending", MANY)
def test_images_and_labels_in_one_file(tmp_path: Path, ending: str, shape: tuple[int, ...]) -> None:
    pixels, labels = images(9, *shape), np.arange(9) % 3
    for name, array in (("images", pixels), ("labels", labels)):
        (tmp_path / "as_npy").mkdir(exist_ok=True)
        np.save(tmp_path / "as_npy" / f"{name}.npy", array)
    packed(MANY[ending], ending, tmp_path / "other", {"images": pixels, "labels": labels})
    expected, dataset = (open_dataset(tmp_path / place) for place in ("as_npy", "other"))
    assert dataset.info["layout"] == "packed"
    assert dataset.classes == DARK
    assert dataset.fingerprint == expected.fingerprint
    assert dataset.table["file"].iloc[0] == f"lenses{ending}/images"


@pytest.mark.parametrize("ending", MANY)
def test_images_and_labels_side_by_side(tmp_path: Path, ending: str) -> None:
    pixels, labels = images(9, 1, 16, 16), np.arange(9) % 3
    MANY[ending](tmp_path / f"x_train{ending}", {"a": pixels})
    MANY[ending](tmp_path / f"y_train{ending}", {"b": labels})
    dataset = open_dataset(tmp_path)
    assert counts(dataset) == {"train": [3, 3, 3]}
    np.testing.assert_array_equal(dataset.images, pixels)
    np.testing.assert_array_equal(dataset.labels, labels)


@pytest.mark.parametrize("ending", MANY)
@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("train/images", "train/labels", "test/images", "test/labels"),
    ],
)
def test_splits_in_one_file(tmp_path: Path, ending: str, names: tuple[str, ...]) -> None:
    arrays = (images(6), np.arange(6) % 2, images(4), np.arange(4) % 2)
    packed(MANY[ending], ending, tmp_path, dict(zip(names, arrays, strict=True)))
    assert counts(open_dataset(tmp_path)) == {"train": [3, 3], "test": [2, 2]}


@pytest.mark.parametrize("ending", MANY)
def test_splits_in_two_files(tmp_path: Path, ending: str) -> None:
    for split, count in (("train", 6), ("test", 4)):
        arrays = {"images": images(count), "labels": np.arange(count) % 2}
        MANY[ending](tmp_path / f"lenses_{split}{ending}", arrays)
    assert counts(open_dataset(tmp_path)) == {"train": [3, 3], "test": [2, 2]}


def test_arrays_and_tensors_without_names(tmp_path: Path) -> None:
    for place in ("npz", "pt"):
        (tmp_path / place).mkdir()
    np.savez(tmp_path / "npz" / "lenses.npz", images(6), np.arange(6) % 3)
    torch.save((torch.rand(6, 1, 16, 16), torch.arange(6) % 3), tmp_path / "pt" / "lenses.pt")
    for place in ("npz", "pt"):
        assert counts(open_dataset(tmp_path / place)) == {"all": [2, 2, 2]}


def test_arrays_whose_columns_come_first(tmp_path: Path) -> None:
    pixels = np.asfortranarray(images(40, 1, 16, 16))
    np.savez_compressed(tmp_path / "a.npz", images=pixels, labels=np.arange(40) % 2)
    np.testing.assert_array_equal(open_dataset(tmp_path).images, pixels)


def test_labels_that_are_names_in_hdf5(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "lenses.h5", "w") as file:
        file["images"] = images(4)
        file["labels"] = ["vort", "no", "vort", "no"]
    dataset = open_dataset(tmp_path)
    assert dataset.classes == ("no_substructure", "vortex")
    assert list(dataset.labels) == [1, 0, 1, 0]


def test_images_of_hdf5_in_groups_that_are_classes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "lenses.h5", "w") as file:
        for name in CLASSES:
            for number, image in enumerate(images(4, 3, 16, 16)):
                file[f"train/{name}/{number:04}"] = image
    dataset = open_dataset(tmp_path)
    assert counts(dataset) == {"train": [4, 4, 4]}
    assert dataset.images.shape == (12, 3, 16, 16)


def test_bfloat16_tensors(tmp_path: Path) -> None:
    pixels = torch.rand(4, 1, 16, 16).bfloat16()
    torch.save({"images": pixels, "labels": torch.arange(4) % 2}, tmp_path / "lenses.pt")
    np.testing.assert_array_equal(open_dataset(tmp_path).images, pixels.float().numpy())


def test_fits_with_scaled_numbers_extensions_and_thin_axes(tmp_path: Path) -> None:
    pixels = builders.image((16, 16), "uint16")
    for name in CLASSES:
        (tmp_path / name).mkdir()
        table = fits.BinTableHDU(np.array([(1.0,)], dtype=[("z", "f8")]))
        units = [fits.PrimaryHDU(), table, fits.ImageHDU(pixels[None, None]), fits.ImageHDU()]
        fits.HDUList(units).writeto(tmp_path / name / "0.fits")
        fits.HDUList([fits.PrimaryHDU(), fits.CompImageHDU(pixels)]).writeto(
            tmp_path / name / "1.fits.fz"
        )
        for ending in ("fit", "fts"):
            fits.PrimaryHDU(pixels).writeto(tmp_path / name / f"2.{ending}")
    dataset = open_dataset(tmp_path)
    assert dataset.images.shape == (12, 1, 16, 16)
    assert all((image[0] == pixels).all() for image in dataset.images)


# One array for each class


@pytest.mark.parametrize("shape", [(16, 16), (1, 16, 16), (16, 16, 3)])
@pytest.mark.parametrize("ending", ALL)
def test_one_stacked_array_a_class_side_by_side(
    tmp_path: Path, ending: str, shape: tuple[int, ...]
) -> None:
    stacks = {name: images(count, *shape) for name, count in zip(CLASSES, (20, 3, 4), strict=True)}
    for name, stack in stacks.items():
        ALL[ending](tmp_path / f"{name}{ending}", {"data": stack})
    dataset = open_dataset(tmp_path)
    assert dataset.classes == DARK
    assert counts(dataset) == {"all": [20, 3, 4]}
    first = np.flatnonzero(dataset.labels == 1)[0]
    pixels = stacks["cdm"][0]
    expected = np.moveaxis(pixels, 2, 0) if shape[-1] == 3 else pixels.reshape(1, 16, 16)
    np.testing.assert_array_equal(dataset.images[first], expected)


@pytest.mark.parametrize("shape", [(16, 16), (1, 16, 16)])
@pytest.mark.parametrize("ending", ALL)
@pytest.mark.parametrize("place", ["{split}/{name}/images", "{split}/{name}", "{split}_{name}"])
def test_one_stacked_array_a_class_and_split(
    tmp_path: Path, ending: str, shape: tuple[int, ...], place: str
) -> None:
    for split, count in (("train", 20), ("val", 3)):
        for name in CLASSES:
            path = tmp_path / (place.format(split=split, name=name) + ending)
            path.parent.mkdir(parents=True, exist_ok=True)
            ALL[ending](path, {"a": images(count, *shape)})
    dataset = open_dataset(tmp_path)
    assert dataset.classes == DARK
    assert counts(dataset) == {"train": [20] * 3, "val": [3] * 3}


def test_no_class_is_lost_without_a_word(tmp_path: Path) -> None:
    for name in ("no_sub", "cdm"):
        np.save(tmp_path / f"{name}.npy", images(6, 1, 16, 16))
    np.save(tmp_path / "mine.npy", images(6, 1, 16, 16))
    np.save(tmp_path / "redshifts.npy", np.random.default_rng(0).random(6))
    (tmp_path / "axion.png").write_bytes(b"a figure")
    dataset = open_dataset(tmp_path)
    assert counts(dataset) == {"all": [6, 6]}
    assert dataset.info["notes"] == ["passed over, not part of the data set: mine.npy"]
    pairs = np.array([[image, 1e-23] for image in images(6)], dtype=object)
    np.save(tmp_path / "axion.npy", pairs, allow_pickle=True)
    with pytest.raises(UserError, match=r"class vortex: axion\.npy is an object array"):
        open_dataset(tmp_path)


def test_stacks_in_folders_of_classes_that_nobody_knows(tmp_path: Path) -> None:
    for name in ("spirals", "mergers"):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "images.npy", images(20))
    assert counts(open_dataset(tmp_path)) == {"all": [20, 20]}


def test_stacks_in_parts(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for part in range(2):
            np.save(tmp_path / name / f"part_{part}.npy", images(20))
    assert counts(open_dataset(tmp_path)) == {"all": [40, 40, 40]}


@pytest.mark.parametrize("ending", MANY)
def test_stacks_of_all_classes_in_one_file(tmp_path: Path, ending: str) -> None:
    packed(MANY[ending], ending, tmp_path, {name: images(5) for name in CLASSES})
    dataset = open_dataset(tmp_path)
    assert dataset.classes == DARK
    assert counts(dataset) == {"all": [5, 5, 5]}


@pytest.mark.parametrize("shape", [(3, 1, 8, 8), (20, 8, 8)])
def test_stacks_in_very_many_parts(tmp_path: Path, shape: tuple[int, ...]) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for part in range(65):
            np.save(tmp_path / name / f"part_{part}.npy", images(*shape))
    assert counts(open_dataset(tmp_path)) == {"all": [65 * shape[0]] * 3}


def test_the_channel_axis_overrides_the_guess_of_a_stack(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "0.npy", images(6))
    assert len(open_dataset(tmp_path).images) == 18
    one = open_dataset(tmp_path, ReadOptions(channel_axis="first"))
    assert one.images.shape == (3, 6, 16, 16)


def test_many_images_without_labels_and_classes(tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", images(20))
    with pytest.raises(UserError, match="20 images without labels"):
        open_dataset(tmp_path)


# Labels


@pytest.mark.parametrize("kind", ["float64", "int64", "bool", "uint8"])
def test_one_hot_labels(tmp_path: Path, kind: str) -> None:
    builders.packed(tmp_path, 9, np.eye(3, dtype=kind)[np.arange(9) % 3])
    dataset = open_dataset(tmp_path)
    assert dataset.classes == DARK
    assert list(dataset.labels) == list(np.arange(9) % 3)


@pytest.mark.parametrize("shape", [(9,), (9, 1)])
def test_whole_numbers_that_are_floats(tmp_path: Path, shape: tuple[int, ...]) -> None:
    builders.packed(tmp_path, 9, (np.arange(9) % 3).astype(float).reshape(shape))
    assert counts(open_dataset(tmp_path)) == {"all": [3, 3, 3]}


def test_one_hot_labels_beside_numbers_and_parameters(tmp_path: Path) -> None:
    builders.packed(tmp_path, 6)
    np.save(tmp_path / "labels_onehot.npy", np.eye(3)[np.arange(6) % 3])
    np.save(tmp_path / "parameters.npy", np.random.default_rng(0).random((6, 4)))
    assert counts(open_dataset(tmp_path)) == {"all": [2, 2, 2]}


# Other files


def test_files_beside_the_images_are_passed_over_and_counted_once(tmp_path: Path, run: Run) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    for name in CLASSES:
        (tmp_path / name / "meta.csv").write_text("file,z\n")
        (tmp_path / name / "README").write_text("")
        (tmp_path / name / ".DS_Store").write_bytes(b"Bud1")
        for number in range(3):
            (tmp_path / name / f"sim_{number}.json").write_text("{}")
    dataset = open_dataset(tmp_path)
    assert counts(dataset) == {"all": [3, 3, 3]}
    assert dataset.info["skipped"] == []
    note = "passed over, no images by their endings: 9 .json, 3 .csv, 3 without ending"
    assert [note] == [one for one in dataset.info["notes"] if "endings" in one]
    text = " ".join(run("nas.data", "inspect", tmp_path).stdout.split())
    assert text.count("9 .json") == 1


def test_a_checkpoint_and_a_catalogue_beside_the_classes(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    torch.save(torch.nn.Conv2d(1, 8, 3), tmp_path / "best_model.pth")
    torch.save(torch.nn.Conv2d(1, 8, 3).state_dict(), tmp_path / "weights.pt")
    table = fits.BinTableHDU(np.array([(1.0,)], dtype=[("z", "f8")]))
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(tmp_path / "catalogue.fits")
    assert counts(open_dataset(tmp_path)) == {"all": [3, 3, 3]}


def test_what_is_there_where_nothing_can_be_read(tmp_path: Path, fails: object) -> None:
    assert callable(fails)
    for name in CLASSES:
        (tmp_path / name).mkdir()
        for number in range(4):
            (tmp_path / name / f"{number}.mat").write_bytes(b"MATLAB")
        (tmp_path / name / "list.txt").write_text("")
    sentence = fails("nas.data", "inspect", tmp_path)
    assert "no folders of images, but 12 .mat, 3 .txt" in sentence
    assert ".npz" in sentence


def test_all_images_of_a_directory(tmp_path: Path) -> None:
    for ending, write in ALL.items():
        (tmp_path / ending[1:]).mkdir()
        write(tmp_path / ending[1:] / f"one{ending}", {"image": images(1)[0]})
        write(tmp_path / ending[1:] / f"many{ending}", {"image": images(5, 1, 16, 16)})
    for ending, write in MANY.items():
        arrays = {"images": images(5), "labels": np.eye(2)[np.arange(5) % 2]}
        write(tmp_path / ending[1:] / f"labelled{ending}", arrays)
    (tmp_path / "npz" / "meta.csv").write_text("")
    dataset = open_dataset(tmp_path, ReadOptions(layout="unlabelled"))
    assert len(dataset.images) == 6 * len(ALL) + 5 * len(MANY)
    assert dataset.info["skipped"] == []


def test_formats_are_read_by_the_command(tmp_path: Path, run: Run) -> None:
    npz(tmp_path / "lenses.npz", {"images": images(6), "labels": np.arange(6) % 3})
    done = run("nas.data", "inspect", tmp_path, "--json")
    assert json.loads(done.stdout)["splits"] == {"all": dict.fromkeys(DARK, 2)}


def test_a_gzipped_file_is_as_good_as_the_file(tmp_path: Path) -> None:
    for name in CLASSES:
        (tmp_path / name).mkdir()
        fits.PrimaryHDU(images(1)[0]).writeto(tmp_path / name / "0.fits")
        data = (tmp_path / name / "0.fits").read_bytes()
        (tmp_path / name / "1.fits.gz").write_bytes(gzip.compress(data))
    dataset = open_dataset(tmp_path)
    assert dataset.info["duplicates"]["within_splits"] == 3
