"""The examples for people with other ideas: a space in a script, and a package of plug-ins."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.programs import output

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

# What a later session does with a run, in a process that has not heard of the plug-ins before.
AFTERWARDS = """
import sys
from nas import api

retrained = api.retrain(sys.argv[1], epochs=1, seeds=1, device="cpu")
again = api.Classifier.load(retrained.checkpoint)
print(again.predict_proba(api.open_data("data", layout="listed").images[:2]).shape)
print(api.report(sys.argv[1]).path)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package of examples, as pip does, and return where."""
    place = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(EXAMPLES / "plugins", place / "source")
    pip = ["pip", "install", "--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
    output(sys.executable, "-m", *pip, "--target", place / "site", source, cwd=place)
    return place / "site"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Images in the layout that only a plug-in knows."""
    rng = np.random.default_rng(0)
    kinds = ["ring" if number % 2 else "arc" for number in range(80)]
    images = rng.random((80, 32, 32), dtype=np.float32)
    images[1::2, 10:20, 10:20] += 2
    (tmp_path / "data" / "images").mkdir(parents=True)
    for number, image in enumerate(images):
        np.save(tmp_path / "data" / "images" / f"{number}.npy", image)
    table = pd.DataFrame({"name": range(80), "kind": kinds})
    table.to_csv(tmp_path / "data" / "catalogue.csv", index=False)
    return tmp_path


def test_a_script_searches_a_space_of_its_own(tmp_path: Path) -> None:
    script = EXAMPLES / "03_your_own_space.py"
    said = output(sys.executable, script, "--images=150", "--trials=2", "--epochs=1", cwd=tmp_path)
    assert "best: folding/width=" in said
    (page,) = tmp_path.glob("results/runs/*/report.html")
    assert "Networks by their genes" in page.read_text()


def test_a_script_is_a_module_for_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: Callable[..., str]
) -> None:
    search = ("nas.search", "--space", "folding")
    shutil.copy(EXAMPLES / "03_your_own_space.py", tmp_path / "folding.py")
    monkeypatch.setenv("LENS_NAS_PLUGINS", "folding")
    data = ("--data", tmp_path / "data")
    (tmp_path / "data").mkdir()
    np.save(tmp_path / "data" / "images.npy", np.random.default_rng(0).random((30, 32, 32)))
    np.save(tmp_path / "data" / "labels.npy", np.arange(30) % 3)
    assert "folding are built by a function of its own and share no weights" in fails(
        *search, *data, "--fidelity=inherit"
    )
    monkeypatch.delenv("LENS_NAS_PLUGINS")
    said = fails(*search, *data, "--fidelity=scratch")
    assert said.startswith("there is no search space 'folding'")
    assert "LENS_NAS_PLUGINS" in said


def test_a_package_brings_one_plugin_of_every_kind(installed: Path, data: Path) -> None:
    path = os.pathsep.join(filter(None, (str(installed), str(ROOT), os.environ.get("PYTHONPATH"))))
    search = (
        "-m nas.search --data data --layout listed --space ring_nets --strategy halton "
        "--fidelity scratch --epochs 1 --trials 2 --workers 1 --objectives auc,brier,macro_f1 "
        "--augmentation.also dimmed --track lines --run run"
    )
    said = output(sys.executable, *search.split(), cwd=data, PYTHONPATH=path)
    assert "best: validation AUC" in said
    candidates = pd.read_csv(data / "run" / "candidates.csv")
    assert candidates["architecture"].str.startswith("ring_nets/width=").all()
    assert candidates["scores.brier"].between(0, 2).all()
    assert candidates["scores.macro_f1"].between(0, 1).all()
    (curves,) = (data / "run").glob("tracking/lines-*/curves.jsonl")
    assert '"settings"' in curves.read_text()

    said = output(sys.executable, "-c", AFTERWARDS, "run", cwd=data, PYTHONPATH=path)
    assert said.splitlines()[-2:] == ["(2, 2)", "run/report.html"]

    board = (
        "-m baselines.leaderboard --data data --layout listed --models two_layers --run run "
        "--random 0 --epochs 1 --seeds 1 --learning-rates 1 --workers 1 --out board"
    )
    output(sys.executable, *board.split(), cwd=data, PYTHONPATH=path)
    networks = pd.read_csv(data / "board" / "leaderboard.csv")["network"]
    assert {"two_layers", "found: run"} <= set(networks)
