"""In Python a path can be a string, as notebooks write it."""

from pathlib import Path

import pytest

from baselines.leaderboard.settings import LeaderboardSettings
from nas.data.dataset import open_dataset
from nas.data.settings import InspectSettings, PreviewSettings, SimulateSettings
from nas.export.settings import ExportSettings
from nas.fidelity.settings import FidelitySettings
from nas.predict.settings import PredictSettings
from nas.report.settings import ReportSettings
from nas.retrain.settings import RetrainSettings
from nas.search.settings import SearchSettings
from nas.supernet.settings import SupernetSettings
from nas.train.settings import TrainSettings
from tests.nas.data import builders


def test_a_data_set_is_opened_by_a_string(tmp_path: Path) -> None:
    builders.dark_matter(tmp_path, (3, 3, 3), (8, 8))
    dataset = open_dataset(str(tmp_path))
    assert dataset.directory == tmp_path
    assert dataset.fingerprint == open_dataset(tmp_path).fingerprint


@pytest.mark.parametrize(
    ("kind", "strings", "rest"),
    [
        (SimulateSettings, ["out"], {}),
        (InspectSettings, ["directory"], {}),
        (PreviewSettings, ["directory", "out"], {}),
        (SearchSettings, ["data", "supernet", "run"], {}),
        (SearchSettings, ["resume"], {}),
        (TrainSettings, ["data", "run", "weights"], {"model": "resnet18"}),
        (RetrainSettings, ["run"], {}),
        (SupernetSettings, ["data", "run"], {}),
        (FidelitySettings, ["data", "supernet", "trainings", "out"], {}),
        (PredictSettings, ["data", "checkpoint", "out"], {}),
        (ExportSettings, ["checkpoint", "onnx"], {}),
        (ReportSettings, ["directory", "out", "data", "data_efficiency"], {}),
        (LeaderboardSettings, ["data", "out"], {}),
    ],
)
def test_settings_take_strings_for_paths(
    kind: type, strings: list[str], rest: dict[str, str]
) -> None:
    settings = kind(**{name: f"some/{name}" for name in strings}, **rest)
    for name in strings:
        assert getattr(settings, name) == Path("some", name)


def test_lists_of_strings() -> None:
    settings = FidelitySettings(supernet=["a", "b"])  # type: ignore[arg-type]
    assert settings.supernet == (Path("a"), Path("b"))
