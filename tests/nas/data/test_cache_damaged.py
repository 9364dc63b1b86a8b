"""An entry of the cache that is damaged is made anew, or named in one sentence."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nas.data.convert import TABLE
from nas.data.dataset import LensDataset, open_dataset
from nas.data.meta import META
from tests.folders import folder
from tests.mutations import TEXTS, survives


@pytest.fixture
def dataset(tmp_path: Path) -> LensDataset:
    return open_dataset(folder(tmp_path / "data"))


@pytest.mark.parametrize("name", TEXTS)
def test_what_it_says_of_itself_is_made_anew(dataset: LensDataset, name: str) -> None:
    (dataset.store / META).write_bytes(TEXTS[name])
    assert open_dataset(dataset.directory).info == dataset.info


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.iloc[:-1],
        lambda table: table.drop(columns="label"),
        lambda table: table.assign(label=99),
        lambda table: table.assign(label="lens"),
        lambda table: table.assign(split=None),
    ],
)
def test_another_table(
    dataset: LensDataset, change: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    file = dataset.store / TABLE
    change(dataset.table).to_parquet(file)
    assert not survives(lambda: open_dataset(dataset.directory), file)


def test_a_table_that_is_none(dataset: LensDataset) -> None:
    file = dataset.store / TABLE
    for content in (b"", b"PAR1", file.read_bytes()[:-10]):
        file.write_bytes(content)
        assert not survives(lambda: open_dataset(dataset.directory), file)


@pytest.mark.parametrize(
    "codes",
    [
        np.zeros(3, np.int64),
        np.zeros((60, 1), np.int64),
        np.full(60, 99),
        np.full(60, -1),
        np.zeros(60),
        np.array([None] * 60),
    ],
)
def test_other_splits(dataset: LensDataset, codes: np.ndarray) -> None:
    dataset.splits()
    file = dataset.store / "splits-0.npy"
    np.save(file, codes, allow_pickle=True)
    assert not survives(dataset.splits, file)


def test_splits_that_are_none(dataset: LensDataset) -> None:
    dataset.splits()
    file = dataset.store / "splits-0.npy"
    for content in (b"", b"\x93NUMPY\x01\x00\xff\xff", file.read_bytes()[:-8], b"PK\x03\x04 zip"):
        file.write_bytes(content)
        assert not survives(dataset.splits, file)
