"""The commands simulate, inspect and preview, as a user runs them."""

import json
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.nas.data import builders
from tests.running import Run


def test_simulate_inspect_preview(run: Run, tmp_path: Path) -> None:
    done = run(
        "nas.data", "simulate", "--images", 30, "--image-size", 32, "--workers", 1, "--out", "sim"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "30 images are in sim\n"
    assert done.stderr.endswith("apart:\n    python -m nas.search --data sim\n")
    report = json.loads(run("nas.data", "inspect", "sim", "--json").stdout)
    assert report["layout"] == "simulated"
    assert report["classes"] == ["no_substructure", "subhalo", "vortex"]
    assert report["image_shape"] == [1, 32, 32]
    assert report["dtype"] == "float32"
    assert report["splits"] == {"all": {"no_substructure": 10, "subhalo": 10, "vortex": 10}}
    assert report["duplicates"] == {
        "within_splits": 0,
        "across_splits": 0,
        "across_classes": 0,
        "examples": [],
    }
    assert report["skipped"] == []
    low, high = report["value_range"]
    pixels = np.load(tmp_path / "sim" / "images.npy")
    assert (low, high) == (pytest.approx(pixels.min()), pytest.approx(pixels.max()))
    assert run("nas.data", "preview", "sim", "--columns", 3).returncode == 0
    # There are two rows more than classes: the residuals of subhalos and of vortices.
    height, width, _ = matplotlib.image.imread(tmp_path / "preview.png").shape
    assert height / width == pytest.approx(5 * 1.5 / (3 * 1.5 + 1.2), rel=0.02)


def test_inspect_for_people(run: Run, tmp_path: Path) -> None:
    for split in ("train", "test"):
        builders.dark_matter(tmp_path / split, (3, 3, 3), (8, 8))
    (tmp_path / "test" / "cdm" / "sim_0.npy").write_bytes(
        (tmp_path / "train" / "cdm" / "sim_0.npy").read_bytes()
    )
    (tmp_path / "test" / "cdm" / "sim_1.npy").write_bytes(b"")
    text = run("nas.data", "inspect", tmp_path, "--allow-skipped").stdout
    for words in (
        "split_folders",
        "1 × 8 × 8",
        "subhalo",
        "a leak",
        "skipped test/cdm/sim_1.npy: is empty",
    ):
        assert words in " ".join(text.split())


def test_preview_of_somebody_elses_images(run: Run, tmp_path: Path) -> None:
    for name in ("spirals", "mergers"):
        builders.folder(tmp_path / name, 2, (3, 16, 16))
    done = run("nas.data", "preview", tmp_path, "--out", tmp_path / "grid.pdf")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "grid.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("out", "named"),
    [("nowhere/grid.png", "nowhere/grid.png cannot be written"), ("grid.doc", "end it in .png")],
)
def test_a_picture_that_cannot_be_written(
    fails: Callable[..., str], tmp_path: Path, out: str, named: str
) -> None:
    builders.dark_matter(tmp_path / "data", (2, 2, 2), (8, 8))
    assert named in fails("nas.data", "preview", tmp_path / "data", "--out", out)
    assert [path.name for path in tmp_path.iterdir()] == ["data"]
