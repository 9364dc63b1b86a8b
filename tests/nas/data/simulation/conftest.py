"""A whole data set, and one whose simulation was interrupted."""

from pathlib import Path
from typing import Any

import pytest

from nas.data.simulation import table
from nas.data.simulation.dataset import simulate_dataset
from tests.nas.data.simulation.datasets import SETTINGS


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "deep" / "dataset"
    simulate_dataset(SETTINGS, out, workers=1)
    return out


@pytest.fixture
def interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a run that stopped before its second chunk."""

    def stop(path: Path, rows: Any) -> None:
        if "000001" in path.name:
            raise KeyboardInterrupt
        write_rows(path, rows)

    write_rows = table.write_rows
    with monkeypatch.context() as patch:
        patch.setattr(table, "write_rows", stop)
        with pytest.raises(KeyboardInterrupt):
            simulate_dataset(SETTINGS, tmp_path / "interrupted", workers=1)
    return tmp_path / "interrupted"
