"""Datasets on disk have the same bytes however they came about, and nothing else looks like one."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.draw import draw_scene, generator
from nas.data.simulation.settings import SimulationSettings
from tests.nas.data.simulation.datasets import FILES, SETTINGS, contents

ROOT = Path(__file__).parents[4]


def test_arrays_and_description(whole: Path) -> None:
    images = np.load(whole / "images.npy", mmap_mode="r")
    labels = np.load(whole / "labels.npy")
    assert (images.shape, images.dtype) == ((778, 1, 16, 16), np.float32)
    assert (labels.shape, labels.dtype) == ((778,), np.int64)
    assert np.array_equal(labels, np.arange(778) % 3)
    assert np.isfinite(images).all()
    assert (images.std(axis=(1, 2, 3)) > 0).all()
    description = json.loads((whole / "dataset.json").read_text())
    assert description["kind"] == "simulated"
    assert description["classes"] == ["no_substructure", "subhalo", "vortex"]
    assert (description["images"], description["image_shape"]) == (778, [1, 16, 16])
    assert set(description["versions"]) == {"lens-nas", "lenstronomy", "numpy"}


def test_parameters(whole: Path) -> None:
    rows = pd.read_parquet(whole / "parameters.parquet")
    units = json.loads((whole / "dataset.json").read_text())["units"]
    assert set(units) == {"images", *rows.columns}
    assert rows["index"].tolist() == list(range(778))
    assert rows["class"][:3].tolist() == ["no_substructure", "subhalo", "vortex"]
    assert rows["subhalo_number"][rows["class"] != "subhalo"].eq(0).all()
    assert rows["axion_mass"].notna().equals(rows["class"] == "vortex")
    scene = draw_scene(SETTINGS, 772, generator(SETTINGS.seed, 772))
    assert rows["class"][772] == "subhalo"
    assert np.array_equal(rows["subhalo_masses"][772], scene.subhalos.masses)
    assert np.array_equal(rows["subhalo_x"][772], scene.subhalos.x)
    assert rows["lens_theta_e"][772] == scene.lens.theta_e
    assert rows["source_magnitude"][772] == scene.source.magnitude


def test_any_number_of_workers_gives_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    simulate_dataset(SETTINGS, tmp_path / "dataset", workers=2)
    assert contents(tmp_path / "dataset") == contents(whole)


def test_an_image_does_not_depend_on_how_many_there_are(whole: Path, tmp_path: Path) -> None:
    simulate_dataset(replace(SETTINGS, images=300), tmp_path / "dataset", workers=1)
    few, many = (np.load(path / "images.npy") for path in (tmp_path / "dataset", whole))
    assert np.array_equal(few, many[:300])


def test_another_seed_gives_other_images(whole: Path, tmp_path: Path) -> None:
    simulate_dataset(replace(SETTINGS, images=9, seed=1), tmp_path / "dataset", workers=1)
    assert not np.array_equal(
        np.load(tmp_path / "dataset" / "images.npy"), np.load(whole / "images.npy")[:9]
    )


@pytest.mark.parametrize(
    ("model", "physics"), [("I", "deeplense"), ("III", "deeplense"), ("IV", "realistic")]
)
def test_other_models(model: Any, physics: Any, tmp_path: Path) -> None:
    simulate_dataset(
        SimulationSettings(model=model, physics=physics, images=6, image_size=32),
        tmp_path,
        workers=1,
    )
    assert np.load(tmp_path / "images.npy").shape == (6, 1, 32, 32)
    rows = pd.read_parquet(tmp_path / "parameters.parquet")
    assert rows["source_magnitude"].isna().all() == (model == "I")
    assert (rows["clump_fluxes"].str.len() > 0).all() == (model == "IV")


def test_again_does_nothing(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {name: (whole / name).stat().st_mtime_ns for name in FILES}
    simulate_dataset(SETTINGS, whole, workers=1)
    assert "already holds this dataset" in capsys.readouterr().err
    assert {name: (whole / name).stat().st_mtime_ns for name in FILES} == before


def test_no_control_characters_where_nobody_watches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    simulate_dataset(replace(SETTINGS, images=3, image_size=48), tmp_path, workers=1)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "simulating 3 images"
    assert lines[1].startswith("simulating done: 3 images in ")
    assert len(lines) == 2


def test_a_script_without_a_guard_is_not_run_by_the_workers(tmp_path: Path) -> None:
    """It would simulate again in each of them."""
    script = tmp_path / "mine.py"
    script.write_text(
        "from nas import api\n"
        "print('begins')\n"
        "print(len(api.simulate(images=600, image_size=32, out='d', workers=2).images))\n"
    )
    done = subprocess.run(
        [sys.executable, script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("begins\n600\n", 0), done.stderr
