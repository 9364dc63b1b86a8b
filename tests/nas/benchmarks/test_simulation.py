"""The benchmark of the simulation against a plain loop."""

import json
from pathlib import Path

import numpy as np
import pytest

from nas.benchmarks.simulation.command import our_image, plain_image, run
from nas.benchmarks.simulation.settings import SimulationBenchmarkSettings
from nas.data.simulation.residual import render_without_substructure
from nas.data.simulation.settings import SimulationSettings


def test_both_loops_make_the_same_image_but_for_the_noise() -> None:
    settings = SimulationSettings()
    for index in range(3):
        clean, _ = render_without_substructure(settings, index)
        for image in (plain_image(settings, index), our_image(settings, index)):
            assert np.abs(image - clean).max() < 0.03 * clean.max() + 0.1


@pytest.mark.parametrize(
    ("memory", "name"), [(False, "simulation_speed"), (True, "simulation_memory")]
)
def test_the_benchmark_writes_its_table(memory: bool, name: str, tmp_path: Path) -> None:
    run(SimulationBenchmarkSettings(images=6, rounds=1, memory=memory, workers=1, out=tmp_path))
    record = json.loads((tmp_path / f"{name}.json").read_text())
    figure = "peak_resident_MiB_of_the_process_tree" if memory else "ratio"
    assert record[figure] > 0
    assert (tmp_path / f"{name}.md").read_text().startswith("| what | value |")
