"""Predictions are read only if they are probabilities of known classes."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from nas.training.predictions import read_predictions
from tests.mutations import survives

CLASSES = ("a", "b")
WHOLE = pd.DataFrame(
    {
        "file": ["x.npy", "y.npy"],
        "row": [0, 1],
        "label": ["a", "b"],
        "a": [0.9, 0.2],
        "b": [0.1, 0.8],
    }
)


def with_column(name: str, values: list[object]) -> pd.DataFrame:
    return WHOLE.assign(**{name: pd.Series(values, dtype="object")})


DAMAGE: dict[str, Callable[[Path], None]] = {
    "null": lambda path: with_column("a", [None, 0.5]).to_parquet(path),
    "only null": lambda path: with_column("a", [None, None]).to_parquet(path),
    "text": lambda path: with_column("a", ["0.5", "0.5"]).to_parquet(path),
    "above 1": lambda path: WHOLE.assign(a=[1.5, 0.5]).to_parquet(path),
    "not a number": lambda path: WHOLE.assign(a=[float("nan"), 0.5]).to_parquet(path),
    "whole numbers": lambda path: WHOLE.assign(a=[1, 0]).to_parquet(path),
    "lists": lambda path: with_column("a", [[0.5], [0.5]]).to_parquet(path),
    "unknown label": lambda path: WHOLE.assign(label=["a", "c"]).to_parquet(path),
    "label of numbers": lambda path: WHOLE.assign(label=[0, 1]).to_parquet(path),
    "row of text": lambda path: WHOLE.assign(row=["0", "1"]).to_parquet(path),
    "file of numbers": lambda path: WHOLE.assign(file=[0, 1]).to_parquet(path),
    "no column": lambda path: WHOLE.drop(columns="b").to_parquet(path),
    "no parquet": lambda path: path.write_bytes(b"PAR1 and nothing"),  # type: ignore[dict-item,return-value]
    "empty": lambda path: path.write_bytes(b""),  # type: ignore[dict-item,return-value]
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-30]),  # type: ignore[dict-item,return-value]
    "broken page": lambda path: path.write_bytes(  # type: ignore[dict-item,return-value]
        path.read_bytes()[:4] + b"\xff" * 40 + path.read_bytes()[44:]
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "predictions.parquet"
    WHOLE.to_parquet(path)
    assert len(read_predictions(path, CLASSES)) == 2
    DAMAGE[damage](path)
    assert not survives(lambda: read_predictions(path, CLASSES), path)


def test_what_pandas_left_in_the_file_decides_nothing(tmp_path: Path) -> None:
    path = tmp_path / "predictions.parquet"
    table = pa.Table.from_pandas(WHOLE).replace_schema_metadata({"pandas": "[" * 1_000})
    parquet.write_table(table, path)
    assert read_predictions(path, CLASSES).equals(WHOLE)


def test_a_missing_file(tmp_path: Path) -> None:
    assert not survives(lambda: read_predictions(tmp_path / "gone", CLASSES), tmp_path / "gone")
