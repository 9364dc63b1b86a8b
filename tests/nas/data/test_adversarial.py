"""Files that were made to do harm, and data directories that were made in a hurry."""

import io
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nas.common.errors import UserError
from nas.data.dataset import LensDataset, open_dataset
from nas.data.formats.stored import UnreadableImageError
from nas.data.options import ReadOptions
from nas.data.reading import image_shape, read_image
from nas.data.unpickling import RefusedError, load_array
from tests.nas.data import builders

Fails = Callable[..., str]


def npy(path: Path, header: str, data: bytes = b"") -> Path:
    """Write a .npy file with any header."""
    line = header.encode().ljust(118) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(line).to_bytes(2, "little") + line + data)
    return path


def splits(dataset: LensDataset) -> dict[str, int]:
    return {split: sum(counts.values()) for split, counts in dataset.info["splits"].items()}


# Pickles


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@given(
    image=hnp.arrays(
        st.sampled_from(["<f8", ">f4", "<i8", "u1", "<f2"]),
        hnp.array_shapes(min_dims=2, max_dims=3),
        elements=st.integers(0, 9),
    )
)
def test_axion_files_of_every_protocol_are_rebuilt_exactly(
    protocol: int, image: np.ndarray
) -> None:
    for order in ("C", "F"):
        pair = np.empty(2, dtype=object)
        pair[:] = [np.asarray(image, order=order), np.float64(3e-23)]
        rebuilt = load_array(io.BytesIO(pickle.dumps(pair, protocol)))
        np.testing.assert_array_equal(rebuilt[0], image)
        assert rebuilt[0].dtype == image.dtype
        assert rebuilt[1] == 3e-23


class ForgedType:
    """An object that pickles to a dtype of eight bytes, whose state says that they are pointers."""

    def __reduce__(self) -> tuple[object, ...]:
        return (
            np.dtype,
            ("V8", False, True),
            (3, "|", None, ("x",), {"x": (np.dtype("O"), 0)}, 8, 1, 0),
        )


class ForgedArray:
    def __reduce__(self) -> tuple[object, ...]:
        reconstruct, arguments, _ = np.zeros(1).__reduce__()
        return reconstruct, arguments, (1, (1,), ForgedType(), False, b"\x41" * 8)


def test_a_forged_type_is_not_followed() -> None:
    with pytest.raises(ValueError, match="damaged"):
        load_array(io.BytesIO(pickle.dumps(ForgedArray())))


@given(st.binary(max_size=200))
def test_pickled_garbage_is_refused_or_damaged(garbage: bytes) -> None:
    real = pickle.dumps(np.array([np.zeros((2, 2)), 1.0, None], dtype=object))
    for data in (garbage, real[: len(garbage)] + garbage):
        with pytest.raises((RefusedError, ValueError)):
            load_array(io.BytesIO(data[:-1]))


@pytest.mark.parametrize(
    "name", ["os.system", "builtins.eval", "numpy.load", "numpy.testing._private.utils.runstring"]
)
def test_other_functions_are_refused_by_name(name: str) -> None:
    module, _, function = name.rpartition(".")
    with pytest.raises(RefusedError, match=name):
        load_array(io.BytesIO(f"c{module}\n{function}\n(S'x'\ntR.".encode()))


# Headers


@pytest.mark.parametrize(
    "shape",
    [
        "(1000000000, 1000000000)",
        "(4611686018427387904, 4611686018427387904)",
        f"({2**70}, 1)",
        "(-5, 8)",
        "(True, 8)",
        "(0, 8)",
        "((((((((",
        "None",
    ],
)
def test_impossible_headers(tmp_path: Path, shape: str) -> None:
    path = npy(
        tmp_path / "x.npy",
        f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}",
        b"\0" * 64,
    )
    for read in (read_image, image_shape):
        with pytest.raises(UnreadableImageError):
            read(path)


def test_a_mass_beyond_all_numbers(tmp_path: Path) -> None:
    pair = np.empty(2, dtype=object)
    pair[:] = [np.zeros((4, 4)), 10**400]
    np.save(tmp_path / "x.npy", pair, allow_pickle=True)
    with pytest.raises(UnreadableImageError, match="axion mass"):
        read_image(tmp_path / "x.npy")


# Splits that something else tells than the folder above the class


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ({"Model_F": 6, "Model_F_test": 3}, {"train": 6, "test": 3}),
        ({"Model_F_train": 6, "Model_F_val": 3}, {"train": 6, "val": 3}),
        ({"f/train": 6, "f/test": 3}, {"train": 6, "test": 3}),
    ],
)
def test_packed_splits(tmp_path: Path, places: dict[str, int], expected: dict[str, int]) -> None:
    for place, count in places.items():
        builders.packed(tmp_path / place, count)
    assert splits(open_dataset(tmp_path)) == expected


def test_a_packed_test_folder_opened_alone_is_no_training_data(tmp_path: Path) -> None:
    for name in ("Model_F", "Model_F_test"):
        builders.packed(tmp_path / name, 6)
    assert splits(open_dataset(tmp_path / "Model_F_test")) == {"test": 6}
    with pytest.raises(UserError, match="no training images"):
        open_dataset(tmp_path / "Model_F_test").splits()


def test_splits_below_the_class(tmp_path: Path) -> None:
    for name in ("no_sub", "cdm"):
        for split, count in (("train", 4), ("test", 2)):
            builders.folder(tmp_path / name / split, count, (8, 8))
    assert splits(open_dataset(tmp_path)) == {"train": 8, "test": 4}


def test_several_packed_data_sets_are_not_mixed(tmp_path: Path) -> None:
    for name in ("Model_F", "Model_J"):
        builders.packed(tmp_path / name, 6)
    with pytest.raises(UserError, match="Model_F, Model_J"):
        open_dataset(tmp_path)


def test_packed_arrays_beside_folders_are_not_mixed(tmp_path: Path) -> None:
    builders.packed(tmp_path / "packed", 6)
    builders.dark_matter(tmp_path / "folders", (2, 2, 2), (8, 8))
    with pytest.raises(UserError, match="beside folders of images"):
        open_dataset(tmp_path)
    assert len(open_dataset(tmp_path, ReadOptions(layout="class_folders")).images) == 6


def test_a_folder_called_like_a_split_is_no_class(tmp_path: Path) -> None:
    for split in ("train", "val"):
        builders.dark_matter(tmp_path / "good" / split, (2, 2, 2), (8, 8))
        builders.folder(tmp_path / "unsorted" / split, 2, (8, 8))
    np.save(tmp_path / "good" / "train" / "stray.npy", np.zeros((8, 8)))
    dataset = open_dataset(tmp_path / "good")
    assert dataset.classes == ("no_substructure", "subhalo", "vortex")
    assert "train" in dataset.info["notes"][0]
    with pytest.raises(UserError, match="without a folder for each class"):
        open_dataset(tmp_path / "unsorted")


def test_a_stray_picture_above_unknown_classes(tmp_path: Path) -> None:
    for name in ("spirals", "mergers"):
        builders.picture_folder(tmp_path / "data" / name, 2, (8, 8), ".png")
    (tmp_path / "data" / "figure.png").write_bytes(
        (tmp_path / "data" / "spirals" / "0.png").read_bytes()
    )
    assert open_dataset(tmp_path).classes == ("mergers", "spirals")


# Labels of packed arrays


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        ([1, 2, 3] * 2, ("class_1", "class_2", "class_3")),
        ([0, 2] * 3, ("class_0", "class_2")),
        ([-1.0, 1.0] * 3, ("class_-1", "class_1")),
        (["vort", "no", "mine"] * 2, ("no_substructure", "vortex", "mine")),
        ([b"cdm", b"axion"] * 3, ("subhalo", "vortex")),
    ],
)
def test_labels_of_many_kinds(
    tmp_path: Path, labels: list[object], classes: tuple[str, ...]
) -> None:
    builders.packed(tmp_path, 6, np.array(labels))
    dataset = open_dataset(tmp_path)
    assert dataset.classes == classes
    assert len(set(dataset.labels)) == len(classes)


@pytest.mark.parametrize(
    ("labels", "options", "named"),
    [
        (np.array([0, 1, np.nan] * 2), {}, "class labels"),
        (np.array([0.5, 1.5] * 3), {}, "class labels"),
        (np.array([0, 1] * 3).astype("datetime64[s]"), {}, "class labels"),
        (np.array([0, 1, 2] * 2), {"classes": ("a", "a", "b")}, "twice"),
        (np.array([0, 1, 2] * 2), {"classes": ("no", "no_sub", "b")}, "twice"),
        (np.array(["a", "b"] * 3), {"classes": ("a", "c")}, "does not name: b"),
        (np.full((6, 3), 0.5), {}, "no class labels"),
        (np.ones((6, 3)), {}, "no class labels"),
        (np.array([["a", "b"]] * 6), {}, "no class labels"),
        (np.array([0, 1, np.inf] * 2), {}, "class labels"),
        (np.array([0, 1, 1e300] * 2), {}, "class labels"),
    ],
)
def test_labels_that_are_none(
    tmp_path: Path, labels: np.ndarray, options: dict[str, tuple[str, ...]], named: str
) -> None:
    builders.packed(tmp_path, 6, labels)
    with pytest.raises(UserError, match=named):
        open_dataset(tmp_path, ReadOptions(**options))


@pytest.mark.parametrize(
    "content",
    ['{"classes": [1, 2, 3]}', '{"classes": 5}', '"abc"', "no json", '{"kind": "simulated"}'],
)
def test_somebody_elses_description_is_passed_over(tmp_path: Path, content: str) -> None:
    builders.packed(tmp_path, 6)
    (tmp_path / "dataset.json").write_text(content)
    dataset = open_dataset(tmp_path)
    assert dataset.info["layout"] == "packed"
    assert dataset.classes == ("no_substructure", "subhalo", "vortex")


# The file system


def test_links_to_nothing_and_pipes_are_skipped(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    (tmp_path / "cdm" / "gone.npy").symlink_to("nowhere.npy")
    (tmp_path / "cdm" / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(tmp_path / "cdm" / "pipe.npy")
    (tmp_path / "cdm" / "up").symlink_to(tmp_path)
    dataset = open_dataset(tmp_path, ReadOptions(allow_skipped=True))
    assert {item["file"] for item in dataset.info["skipped"]} == {
        f"cdm/{name}.npy" for name in ("gone", "loop", "pipe")
    }
    assert len(dataset.images) == 9


def test_names_that_are_no_text_or_look_like_markup(
    tmp_path: Path, run: Callable[..., object]
) -> None:
    for name in (b"[bold]x", b"a[\xff"):
        folder = os.path.join(os.fsencode(tmp_path), name)  # noqa: PTH118 - Path takes no bytes
        os.mkdir(folder)  # noqa: PTH102
        for number in range(2):
            with open(os.path.join(folder, b"\xfe%d.npy" % number), "wb") as file:  # noqa: PTH118, PTH123
                np.save(file, builders.image((8, 8)))
    done = run("nas.data", "inspect", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[bold]x" in done.stdout
    assert "a[\\xff" in done.stdout


def test_a_change_that_keeps_size_and_time_is_noticed(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    before = open_dataset(tmp_path)
    path = tmp_path / "cdm" / "sim_0.npy"
    status = path.stat()
    np.save(path, np.ones((8, 8)))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert open_dataset(tmp_path).fingerprint != before.fingerprint


def test_an_open_data_set_outlives_its_cache(tmp_path: Path, cache: Path) -> None:
    builders.dark_matter(tmp_path, (9, 9, 9), (8, 8))
    dataset = open_dataset(tmp_path)
    pixels = np.array(dataset.images)
    np.save(tmp_path / "cdm" / "new.npy", np.ones((8, 8)))
    # This stands for another process, which reads the changed directory.
    assert len(open_dataset(tmp_path).images) == 28
    assert (
        len(dataset.splits().train) + len(dataset.splits().val) + len(dataset.splits().test) == 27
    )
    np.testing.assert_array_equal(dataset.images, pixels)


def test_what_is_known_of_one_directory_is_not_told_of_its_copy(tmp_path: Path) -> None:
    for name in ("clean", "dirty"):
        for part in ("cdm", "no_sub"):
            (tmp_path / name / part).mkdir(parents=True)
            for number in range(3):
                np.save(
                    tmp_path / name / part / f"{number}.npy",
                    np.full((8, 8), number + (part == "cdm") * 9.0),
                )
    (tmp_path / "dirty" / "cdm" / "zz.npy").write_bytes(b"")
    assert open_dataset(tmp_path / "clean").info["skipped"] == []
    assert (
        len(open_dataset(tmp_path / "dirty", ReadOptions(allow_skipped=True)).info["skipped"]) == 1
    )
    assert open_dataset(tmp_path / "clean").info["skipped"] == []
    with pytest.raises(UserError, match=r"zz\.npy"):
        open_dataset(tmp_path / "dirty")


def test_the_same_image_in_two_classes_is_reported(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    (tmp_path / "cdm" / "sim_0.npy").write_bytes((tmp_path / "no_sub" / "sim_0.npy").read_bytes())
    assert open_dataset(tmp_path).info["duplicates"]["across_classes"] == 1
