"""Settings that no machine can do are refused by every command, before any work begins."""

import dataclasses
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from baselines.leaderboard.settings import LeaderboardSettings
from nas.cluster.options import ClusterOptions
from nas.common.cli import from_plain
from nas.common.errors import UserError
from nas.common.files import write_text
from nas.common.sanity import require_path
from nas.data.settings import InspectSettings, PreviewSettings, SimulateSettings
from nas.export.settings import ExportSettings
from nas.fidelity.settings import FidelitySettings
from nas.predict.settings import PredictSettings
from nas.report.settings import ReportSettings
from nas.retrain.settings import RetrainSettings
from nas.search.settings import SearchSettings
from nas.supernet.settings import SupernetSettings
from nas.train.settings import TrainSettings
from nas.training.precision import pick_device

# With what they cannot do without.
COMMANDS: list[tuple[type, dict[str, str]]] = [
    (SearchSettings, {}),
    (RetrainSettings, {}),
    (LeaderboardSettings, {}),
    (FidelitySettings, {}),
    (TrainSettings, {"model": "resnet18"}),
    (SupernetSettings, {}),
    (ReportSettings, {}),
    (SimulateSettings, {}),
    (InspectSettings, {"directory": "data"}),
    (PreviewSettings, {"directory": "data"}),
    (PredictSettings, {"checkpoint": "model.safetensors", "data": "data"}),
    (ExportSettings, {"checkpoint": "model.safetensors", "onnx": "model.onnx"}),
]


def leaves(kind: type, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], set[type]]]:
    """Return the places of all settings of a command, with the types that each can have."""
    found = []
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        place, types = (*path, field.name), {hints[field.name], *get_args(hints[field.name])}
        if dataclasses.is_dataclass(hints[field.name]):
            found += leaves(hints[field.name], place)
        found.append((place, types))
    return found


ALL = [
    pytest.param(kind, given, place, types, id=f"{kind.__name__}-{'.'.join(place)}")
    for kind, given in COMMANDS
    for place, types in leaves(kind)
    if types & {int, float, Path}
]


def nested(place: tuple[str, ...], value: Any) -> Any:
    for name in reversed(place):
        value = {name: value}
    return value


@pytest.mark.parametrize(("kind", "given", "place", "types"), ALL)
def test_no_absurd_number_or_path_is_taken(
    kind: type, given: dict[str, str], place: tuple[str, ...], types: set[type], tmp_path: Path
) -> None:
    (tmp_path / "loop").symlink_to("loop")
    absurd: list[Any] = []
    if int in types:
        absurd += [10**26, -(10**26)]
    if float in types:
        absurd += [float("nan"), float("inf"), float("-inf")]
    if Path in types:
        absurd += ["a" * 300, "a/" * 3000, "a\0b", f"{tmp_path}/loop/a", "missing/" + "é" * 200]
    for value in absurd:
        with pytest.raises(UserError) as mistake:
            from_plain(kind, {**given, **nested(place, value)})
        assert "\n" not in str(mistake.value)


@pytest.mark.parametrize("name", ["a" * 250, "é" * 120, "a" * 100 + "." + "b" * 140, ".hidden"])
def test_a_name_as_long_as_one_can_be_is_written(tmp_path: Path, name: str) -> None:
    require_path(tmp_path / name, "--out")
    write_text(tmp_path / name, "text")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_directory_that_may_not_be_looked_into_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    # The tests may run as root, whom nothing is refused.
    monkeypatch.setattr(Path, "stat", refused)
    with pytest.raises(UserError, match=r"--data closed/in cannot be used \(Permission denied\)"):
        require_path(Path("closed/in"), "--data")


@pytest.mark.parametrize(
    "address",
    ["", " ", "here", ":6379", "here:", "here:0", "here:99999", "a b:1", "http://a:1", "a..b:1",
     "a" * 64 + ":1", "здесь:1", "\0:1", "-:1", "ray://head:10001"],
)  # fmt: skip
def test_an_address_that_can_be_of_no_cluster_is_refused(address: str) -> None:
    with pytest.raises(UserError, match=r"--ray-address .* cannot be used: give HOST:PORT"):
        ClusterOptions(ray_address=address)


@pytest.mark.parametrize(
    "address", ["auto", "head:6379", "10.0.0.1:6379", "a.b-c.org:10001", "[::1]:6379", None]
)
def test_addresses_of_clusters_are_taken(address: str | None) -> None:
    assert ClusterOptions(ray_address=address).ray_address == address


@pytest.mark.parametrize("name", ["meta", "mars", "cuda:99", "cpu:x", "", "hpu", "ipu", "x" * 999])
def test_a_device_that_computes_nothing_is_refused(name: str) -> None:
    with pytest.raises(UserError, match="cannot be used") as mistake:
        pick_device(name)
    assert len(str(mistake.value)) < 300


def test_the_command_line_says_it_in_one_sentence(
    run: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = run("nas.search", "--crop", "8192")
    assert done.returncode == 2
    assert done.stderr == "error: --crop 8192 cannot be used: give 1,024 or less\n"
