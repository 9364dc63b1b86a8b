"""The cache, the splits and the normalisation of a data set."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.common.errors import UserError
from nas.data.dataset import LensDataset, open_dataset
from nas.data.normalisation import Normalisation
from nas.data.options import ReadOptions
from tests.nas.data import builders


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    builders.dark_matter(root, (20, 20, 20), (8, 8))
    return root


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def conversions(capsys: pytest.CaptureFixture[str]) -> int:
    return capsys.readouterr().err.count("reading images done")


def test_the_second_open_reads_nothing(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = open_dataset(data), open_dataset(data)
    assert conversions(capsys) == 1
    np.testing.assert_array_equal(first.images, second.images)
    assert not second.images.flags.writeable


def test_a_changed_directory_is_read_again(
    data: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = open_dataset(data)
    np.save(data / "cdm" / "sim_0.npy", np.ones((8, 8)))
    after = open_dataset(data)
    assert conversions(capsys) == 2
    assert before.fingerprint != after.fingerprint
    # The stale entry is gone, so that a cache does not grow with every change.
    assert entries(cache) == [after.store]


def test_the_same_images_elsewhere_have_the_same_fingerprint_and_splits(
    data: Path, tmp_path: Path
) -> None:
    first = open_dataset(data)
    shutil.copytree(data, tmp_path / "copy")
    second = open_dataset(tmp_path / "copy")
    assert second.fingerprint == first.fingerprint
    np.testing.assert_array_equal(second.splits(5).test, first.splits(5).test)


def test_entries_of_directories_that_are_gone_are_removed(
    data: Path, tmp_path: Path, cache: Path
) -> None:
    shutil.copytree(data, tmp_path / "copy")
    open_dataset(tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy")
    store = open_dataset(data).store
    assert entries(cache) == [store]


@pytest.mark.parametrize("damage", ["images", "table", "meta"])
def test_a_half_written_cache_is_rebuilt(
    data: Path, cache: Path, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    pixels = np.array(open_dataset(data).images)
    (store,) = entries(cache)
    if damage == "images":
        (store / "images.f32").write_bytes(b"half")
    elif damage == "table":
        (store / "table.parquet").unlink()
    else:
        (store / "meta.json").write_text("{")
    np.testing.assert_array_equal(open_dataset(data).images, pixels)
    assert conversions(capsys) == 2


def test_a_conversion_killed_half_way_leaves_no_trace(
    data: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nas.data.convert.write_json", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        open_dataset(data)
    assert entries(cache) == []
    monkeypatch.undo()
    monkeypatch.setenv("LENS_NAS_CACHE", str(cache))
    (cache / "unfinished").mkdir()  # A kill leaves this behind.
    assert len(open_dataset(data).images) == 60


def test_skipped_files_are_judged_at_every_open(data: Path) -> None:
    (data / "cdm" / "sim_0.npy").write_bytes(b"")
    assert len(open_dataset(data, ReadOptions(allow_skipped=True)).images) == 59
    with pytest.raises(UserError, match=r"sim_0\.npy"):
        open_dataset(data)


def test_duplicates_are_counted_within_and_across_splits(tmp_path: Path) -> None:
    for split in ("train", "test"):
        builders.dark_matter(tmp_path / split, (3, 3, 3), (8, 8))
    original = tmp_path / "train" / "cdm" / "sim_0.npy"
    for copy in ("train/cdm/sim_1.npy", "test/cdm/sim_0.npy"):
        (tmp_path / copy).write_bytes(original.read_bytes())
    duplicates = open_dataset(tmp_path).info["duplicates"]
    assert (duplicates["within_splits"], duplicates["across_splits"]) == (1, 1)
    assert duplicates["examples"] == [
        ["test/cdm/sim_0.npy", "train/cdm/sim_0.npy", "train/cdm/sim_1.npy"]
    ]


def test_made_splits_are_stratified_disjoint_complete_and_repeatable(
    data: Path, cache: Path
) -> None:
    dataset = open_dataset(data)
    splits = dataset.splits(seed=3)
    assert splits.made == ("train", "val", "test")
    joined = np.concatenate([splits.train, splits.val, splits.test])
    assert sorted(joined) == list(range(60))
    for part, each in ((splits.train, 14), (splits.val, 3), (splits.test, 3)):
        assert np.bincount(dataset.labels[part]).tolist() == [each] * 3
    again = dataset.splits(seed=3)  # These are read from the record.
    next(cache.rglob("splits-3.npy")).unlink()
    anew = dataset.splits(seed=3)
    for other in (again, anew):
        np.testing.assert_array_equal(other.test, splits.test)
    assert set(dataset.splits(seed=4).test) != set(splits.test)


def test_splits_on_disk_are_kept_and_only_the_missing_one_is_made(tmp_path: Path) -> None:
    builders.common_task(tmp_path)
    dataset = open_dataset(tmp_path)
    splits = dataset.splits()
    assert splits.made == ("test",)
    assert set(dataset.table["file"][splits.val].str.split("/").str[1]) == {"val"}
    assert set(dataset.table["file"][splits.test].str.split("/").str[1]) == {"train"}
    assert len(splits.test) == 3


def test_copies_of_an_image_stay_on_one_side_of_a_made_split(data: Path) -> None:
    for number in range(1, 12):
        copy = data / "cdm" / f"sim_{number}.npy"
        copy.write_bytes((data / "cdm" / "sim_0.npy").read_bytes())
    dataset = open_dataset(data)
    digests = dataset.table["digest"].to_numpy()
    for seed in range(20):
        splits = dataset.splits(seed)
        sides = [set(digests[part]) for part in (splits.train, splits.val, splits.test)]
        assert sides[0] & sides[1] == sides[0] & sides[2] == sides[1] & sides[2] == set()


def test_nothing_to_split(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path / "few", (2, 5, 5), (8, 8))
    with pytest.raises(UserError, match="class no_substructure has 2"):
        open_dataset(tmp_path / "few").splits()
    builders.dark_matter(tmp_path / "only" / "test", (2, 2, 2), (8, 8))
    with pytest.raises(UserError, match="no training images, only test"):
        open_dataset(tmp_path / "only").splits()


@given(
    st.integers(1, 3),
    st.integers(1, 40),
    st.floats(-1e4, 1e4),
    st.floats(1e-3, 1e3),
    st.integers(0, 99),
)
def test_normalised_training_images_have_mean_0_and_variance_1(
    channels: int, count: int, mean: float, std: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    images = rng.normal(mean, std, (2 * count, channels, 8, 8)).astype(np.float32)
    chosen = np.sort(rng.permutation(2 * count)[:count])
    normalisation = Normalisation.fit(images, chosen)
    stretched = normalisation(images)
    assert stretched.dtype == np.float32
    np.testing.assert_allclose(
        stretched[chosen].mean(axis=(0, 2, 3), dtype=np.float64), 0, atol=1e-4
    )
    np.testing.assert_allclose(
        stretched[chosen].std(axis=(0, 2, 3), dtype=np.float64), 1, rtol=1e-4
    )


def test_the_stretch_keeps_the_order_of_pixels_and_tames_the_brightest() -> None:
    images = np.random.default_rng(0).exponential(1, (20, 1, 8, 8)).astype(np.float32)
    images[0, 0, 0, 0] = 1e4
    stretched = Normalisation.fit(images, np.arange(20))(images)
    np.testing.assert_array_equal(np.argsort(stretched, axis=None), np.argsort(images, axis=None))
    linear = (images - images.mean()) / images.std()
    assert stretched.max() < linear.max()


def test_a_constant_channel_is_not_divided_by_zero() -> None:
    images = np.full((3, 1, 4, 4), 7, dtype=np.float32)
    normalisation = Normalisation.fit(images, np.arange(3))
    np.testing.assert_array_equal(normalisation(images), 0)


def test_info_is_json(data: Path) -> None:
    dataset: LensDataset = open_dataset(data)
    assert json.loads(json.dumps(dataset.info)) == dataset.info
