"""What is wrong with a data directory is said in one sentence that names it, with exit status 2."""

import io
import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.data.formats.stored import UnreadableImageError
from nas.data.reading import image_shape, read_image
from tests.nas.data import builders
from tests.running import Run

Fails = Callable[..., str]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A good data directory of three classes with four images each."""
    root = tmp_path / "data"
    builders.dark_matter(root, (4, 4, 4), (16, 16))
    return root


def test_missing_directory(fails: Fails, tmp_path: Path) -> None:
    assert "nowhere does not exist" in fails("nas.data", "inspect", tmp_path / "nowhere")


def test_file_instead_of_directory(fails: Fails, data: Path) -> None:
    assert "sim_0.npy is not a directory" in fails(
        "nas.data", "inspect", data / "cdm" / "sim_0.npy"
    )


def test_empty_directory(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty is empty" in fails("nas.data", "inspect", tmp_path / "empty")


def test_one_class_only(fails: Fails, data: Path, tmp_path: Path) -> None:
    assert "one class only" in fails("nas.data", "inspect", data / "cdm")
    (tmp_path / "single").mkdir()
    (data / "cdm").rename(tmp_path / "single" / "cdm")
    assert "one class only (subhalo)" in fails("nas.data", "inspect", tmp_path / "single")


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-8])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def text(path: Path) -> None:
    path.write_text("not an array")


def nan(path: Path) -> None:
    pixels = np.load(path)
    pixels[3, 4] = np.nan
    np.save(path, pixels)


def infinite(path: Path) -> None:
    np.save(path, np.full((16, 16), np.inf))


def other_shape(path: Path) -> None:
    np.save(path, np.zeros((17, 16)))


def complex_numbers(path: Path) -> None:
    np.save(path, np.zeros((16, 16), dtype=complex))


def not_a_pair(path: Path) -> None:
    np.save(path, np.array([np.zeros((16, 16)), "heavy", None], dtype=object), allow_pickle=True)


def mass_is_no_number(path: Path) -> None:
    pair = np.empty(2, dtype=object)
    pair[:] = [np.zeros((16, 16)), "heavy"]
    np.save(path, pair, allow_pickle=True)


def damaged_pickle(path: Path) -> None:
    not_a_pair(path)
    path.write_bytes(path.read_bytes()[:-30])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncated, "cut short"),
        (empty, "empty (0 bytes)"),
        (text, "not a numpy file"),
        (nan, "NaN or infinite"),
        (infinite, "NaN or infinite"),
        (other_shape, "has shape (1, 17, 16), most have (1, 16, 16)"),
        (complex_numbers, "complex128"),
        (not_a_pair, "not [image, axion mass]"),
        (mass_is_no_number, "not [image, axion mass]"),
        (damaged_pickle, "damaged pickle"),
    ],
)
def test_a_file_that_cannot_be_used(
    fails: Fails, run: Run, data: Path, damage: Callable[[Path], None], reason: str, cache: Path
) -> None:
    damage(data / "cdm" / "sim_1.npy")
    sentence = fails("nas.data", "inspect", data)
    assert str(data / "cdm" / "sim_1.npy") in sentence
    assert reason in sentence
    assert "--allow-skipped" in sentence
    done = run("nas.data", "inspect", data, "--json", "--allow-skipped")
    report = json.loads(done.stdout)
    assert [item["file"] for item in report["skipped"]] == ["cdm/sim_1.npy"]
    assert report["splits"]["all"] == {"no_substructure": 4, "subhalo": 3, "vortex": 4}
    assert not list(cache.rglob("unfinished"))


def test_few_bad_files_are_reported_and_no_error(run: Run, tmp_path: Path) -> None:
    builders.folder(tmp_path / "cdm", 100, (8, 8))
    builders.folder(tmp_path / "no_sub", 100, (8, 8))
    other_shape(tmp_path / "cdm" / "sim_7.npy")
    (tmp_path / "cdm" / "README.txt").write_text("made by hand")
    done = run("nas.data", "inspect", tmp_path, "--json")
    assert done.returncode == 0
    skipped = {item["file"]: item["reason"] for item in json.loads(done.stdout)["skipped"]}
    assert set(skipped) == {"cdm/sim_7.npy"}
    assert "1 .txt" in json.loads(done.stdout)["notes"][0]


class Attack:
    """An object that pickles to a call, which leaves a mark when it runs."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("allow", [[], ["--allow-skipped"]])
def test_a_pickle_that_calls_anything_else_does_not_run(
    fails: Fails, data: Path, tmp_path: Path, allow: list[str]
) -> None:
    mark = tmp_path / "pwned"
    pair = np.empty(2, dtype=object)
    pair[:] = [np.zeros((16, 16)), Attack(mark)]
    np.save(data / "axion" / "axion_sim_0.npy", pair, allow_pickle=True)
    sentence = fails("nas.data", "inspect", data, *allow)
    assert "axion_sim_0.npy" in sentence
    assert "mkdir" in sentence
    assert not mark.exists()
    # The pickle is a working attack: numpy's own loader falls for it.
    np.load(data / "axion" / "axion_sim_0.npy", allow_pickle=True)
    assert mark.exists()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_only_numpy_is_rebuilt_whatever_the_protocol(tmp_path: Path, protocol: int) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|O", "fortran_order": False, "shape": (2,)}
    )
    path = tmp_path / "a.npy"
    path.write_bytes(header.getvalue() + pickle.dumps(Attack(tmp_path / "mark"), protocol))
    with pytest.raises(UserError, match="mkdir"):
        read_image(path)
    assert not (tmp_path / "mark").exists()


@given(
    st.binary(max_size=300), st.sampled_from([b"", b"\x93NUMPY\x01\x00v\x00", b"\x93NUMPY\x02\x00"])
)
def test_garbage_is_never_more_than_an_unreadable_file(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, prefix: bytes
) -> None:
    path = tmp_path_factory.mktemp("garbage") / "x.npy"
    path.write_bytes(prefix + garbage)
    for read in (read_image, image_shape):
        with pytest.raises(UnreadableImageError):
            read(path)


def test_damaged_picture(fails: Fails, tmp_path: Path) -> None:
    for name in ("sub", "no_sub"):
        builders.picture_folder(tmp_path / name, 2, (20, 20), ".png")
    path = tmp_path / "sub" / "1.png"
    path.write_bytes(path.read_bytes()[:200])
    assert "1.png is not a picture" in fails("nas.data", "inspect", tmp_path)


def test_packed_arrays_that_do_not_belong_together(fails: Fails, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", np.zeros((5, 1, 8, 8)))
    np.save(tmp_path / "labels.npy", np.zeros(4, dtype=int))
    sentence = fails("nas.data", "inspect", tmp_path)
    assert "holds 5 images" in sentence
    assert "4 labels" in sentence


def test_class_names_fewer_than_labels(fails: Fails, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", builders.image((6, 1, 8, 8)))
    np.save(tmp_path / "labels.npy", np.arange(6) % 3)
    assert "labels 0, 1, 2, but there are 2 class names (a, b)" in fails(
        "nas.data", "inspect", tmp_path, "--classes", "[a, b]"
    )


def test_truncated_packed_array(fails: Fails, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", builders.image((6, 1, 8, 8)))
    np.save(tmp_path / "labels.npy", np.arange(6) % 3)
    truncated(tmp_path / "images.npy")
    assert "images.npy is cut short" in fails("nas.data", "inspect", tmp_path)


def test_a_class_without_any_usable_image(fails: Fails, data: Path) -> None:
    for path in (data / "cdm").iterdir():
        empty(path)
    assert "no usable image of class subhalo" in fails(
        "nas.data", "inspect", data, "--allow-skipped"
    )


def test_unfinished_simulation(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "sim" / ".partial").mkdir(parents=True)
    assert "unfinished simulation" in fails("nas.data", "inspect", tmp_path / "sim")


def test_cache_that_cannot_be_written(
    fails: Fails, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LENS_NAS_CACHE", str(tmp_path / "file"))
    assert "LENS_NAS_CACHE" in fails("nas.data", "inspect", data)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["inspect"], "DIRECTORY must be given"),
        (["inspect", ".", "--layout", "heap"], "layout"),
        (["inspect", ".", "--crop", "0"], "--crop 0"),
        (["inspect", ".", "--colour"], "--colour"),
        (["preview", ".", "--columns", "0"], "--columns 0"),
        (["reduce"], "reduce"),
    ],
)
def test_wrong_flags(fails: Fails, arguments: list[str], named: str) -> None:
    assert named in fails("nas.data", *arguments)


def test_a_cache_below_a_home_that_is_not_there(
    fails: Fails, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LENS_NAS_CACHE", "~nobody-of-this-name/cache")
    said = fails("nas.data", "inspect", data)
    assert said.startswith("~nobody-of-this-name/cache cannot be the cache")
    assert "LENS_NAS_CACHE" in said


def test_a_directory_whose_name_is_as_long_as_one_can_be(run: Run, tmp_path: Path) -> None:
    builders.dark_matter(tmp_path / ("n" * 255), (4, 4, 4), (16, 16))
    done = run("nas.data", "inspect", tmp_path / ("n" * 255))
    assert done.returncode == 0, done.stderr
