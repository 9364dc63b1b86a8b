"""The parts of the benchmark and the arguments of its command.

A whole run takes minutes; its figures are in results/search_spaces.
"""

import json
import runpy
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from torch import nn

from search_spaces import build_network, get_space
from search_spaces.benchmark import __main__ as door
from search_spaces.benchmark import command
from search_spaces.benchmark.memory import Peaks
from search_spaces.benchmark.report import circumstances, page
from search_spaces.benchmark.speed import (
    HYBRID_SPACES,
    Comparison,
    Setting,
    count_rates,
    timm_coatnet,
)
from search_spaces.benchmark.timing import (
    CLASSES,
    IMAGE_SIZE,
    LAYOUTS,
    PRECISIONS,
    Subject,
    Times,
    measure,
)


def _linear() -> nn.Module:
    return nn.Sequential(nn.Flatten(), nn.Linear(IMAGE_SIZE**2, CLASSES))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_a_slower_network_takes_longer(layout: str, precision: str) -> None:
    fast, slow = (
        _linear(),
        nn.Sequential(nn.Conv2d(1, 16, 7), nn.Conv2d(16, 1, 7, padding=6), _linear()),
    )
    times = measure(
        [Subject(network, network, layout, precision) for network in (fast, slow)], rounds=3
    )
    assert min(times[1].training_step) > min(times[0].training_step) > 0
    assert min(times[1].inference) > min(times[0].inference) > 0


@pytest.mark.parametrize("space", ["hybrid_nano", "hybrid_small"])
def test_timms_coatnet_is_of_our_dimensions(space: str) -> None:
    architecture = get_space(space).named["coatnet_like"]
    ours, theirs = build_network(space, architecture), timm_coatnet(architecture)
    assert [info["num_chs"] for info in theirs.feature_info] == [
        info["num_chs"] for info in ours.feature_info
    ]
    assert [len(stage.blocks) for stage in theirs.stages] == [len(stage) for stage in ours.stages]
    weights = [
        sum(parameter.numel() for parameter in network.parameters()) for network in (ours, theirs)
    ]
    assert weights[0] == pytest.approx(weights[1], rel=0.06)


def test_counting_is_fast_enough_to_check_constraints_while_searching() -> None:
    for rates in count_rates(2000, np.random.default_rng(0)).values():
        # The aims are 20,000 and 2,000. A tenth is enough here, since the machine may be busy.
        assert rates["params"] > 2_000
        assert rates["flops"] > 200


def test_the_page_holds_every_measurement() -> None:
    comparison = Comparison(
        "hybrid_nano",
        "random",
        123456,
        "NCHW",
        Times((110.0, 220.0, 90.0), (21.0,)),
        Times((100.0, 200.0, 50.0), (20.0,)),
    )
    setting = Setting("hybrid_small", "channels-last", "bfloat16", Times((12.3,), (4.5,)))
    text = page(
        circumstances(7),
        [comparison],
        [comparison],
        [comparison],
        [setting],
        [Peaks("hybrid_nano", 100.0, 125.0)],
        {"hybrid_nano": {"params": 34567.0, "flops": 8901.0}},
    )
    assert "| seed | 7 |" in text
    assert text.count("| 123,456 | NCHW | 110.0 / 100.0 | 1.100 | 21.0 / 20.0 | 1.050 |") == 3
    assert "| hybrid_nano | 100 | 125 | 1.25 |" in text
    assert "| hybrid_nano | 34,567 | 8,901 |" in text
    assert "| hybrid_small | bfloat16 | channels-last | 12.3 | 4.5 |" in text
    assert json.loads(json.dumps(asdict(comparison)))["reference"]["inference"] == [20.0]


def test_the_command_measures_with_its_arguments(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = []
    monkeypatch.setattr(command, "run", lambda out, seed: given.append((out, seed)))
    monkeypatch.setattr(sys, "argv", ["benchmark", "--out", str(tmp_path), "--seed", "3"])
    door.main()
    assert given == [(tmp_path, 3)]


def test_the_command_writes_both_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Python finds the command; the measurements themselves would take minutes."""
    for name in (
        "coatnet_against_timm",
        "precision_and_layout",
        "subnets_against_standalone",
        "tied_against_untied",
    ):
        monkeypatch.setattr(command, name, lambda *arguments: [])
    monkeypatch.setattr(command, "count_rates", lambda count, rng: {})
    monkeypatch.setattr(command, "measure_memory", lambda space: Peaks(space, 100.0, 125.0))
    monkeypatch.setattr(sys, "argv", ["benchmark", "--out", str(tmp_path / "new"), "--seed", "3"])
    monkeypatch.delitem(sys.modules, door.__name__)  # Or Python would warn of a second copy.
    runpy.run_module("search_spaces.benchmark", run_name="__main__")
    measured = json.loads((tmp_path / "new" / "speed.json").read_text())
    assert measured["about"]["seed"] == 3
    assert [peak["space"] for peak in measured["peaks"]] == list(HYBRID_SPACES)
    page_written = (tmp_path / "new" / "speed.md").read_text()
    assert "| hybrid_small | 100 | 125 | 1.25 |" in page_written
    assert capsys.readouterr().out == page_written + "\n"


def test_the_command_takes_no_shortened_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmark", "--see", "3"])
    with pytest.raises(SystemExit) as stop:
        door.main()
    assert stop.value.code == 2


def test_a_wrong_argument_is_refused_before_the_measuring_modules_are_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "search_spaces.benchmark.command")
    monkeypatch.setattr(sys, "argv", ["benchmark", "--seed", "three"])
    with pytest.raises(SystemExit):
        door.main()
    assert "search_spaces.benchmark.command" not in sys.modules
