"""``python -m nas.fidelity``: from a supernet and data to a ranking that can be trusted, or not."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from nas.cluster.jobs import Failure
from nas.common.errors import UserError
from nas.common.settings import part
from nas.fidelity.command import choose, run
from nas.fidelity.report import Fidelity
from nas.fidelity.settings import FidelitySettings
from nas.supernet.command import run as train_supernet
from nas.supernet.settings import SupernetSettings
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint
from nas.training.recipe import Recipe
from nas.training.spec import TrainingSpec
from search_spaces import flops, get_space
from tests.folders import folder

QUICK: dict[str, Any] = {"epochs": 1, "batch_size": 16, "architectures": 4, "seeds": 2}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data and two supernets, trained for one epoch."""
    root = tmp_path_factory.mktemp("fidelity")
    data = folder(root / "data")
    for seed in (0, 1):
        train_supernet(
            SupernetSettings(
                data=data, epochs=1, batch_size=16, seed=seed, run=root / f"supernet{seed}"
            )
        )
    return root


def settings(place: Path, out: Path, **changes: Any) -> FidelitySettings:
    return FidelitySettings(
        **{
            **QUICK,
            "supernet": place / "supernet0",
            "data": place / "data",
            "trainings": out / "alone",
            **changes,
        },
        out=out / "fidelity",
    )


def test_the_command_goes_on_after_sigkill_and_repeats_nothing(
    run: Callable[..., Any], place: Path, tmp_path: Path
) -> None:
    both = f"[{place / 'supernet0'}, {place / 'supernet1'}]"
    flags = [
        "--supernet",
        both,
        "--data",
        str(place / "data"),
        "--trainings",
        "alone",
        "--out",
        "out",
    ]
    flags += [f"--{name.replace('_', '-')}={value}" for name, value in QUICK.items()]
    killed = subprocess.Popen(
        [sys.executable, "-m", "nas.fidelity", *flags], cwd=tmp_path, start_new_session=True
    )
    while len(list(tmp_path.glob("alone/[!.]*.json"))) < 2 and killed.poll() is None:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    assert killed.wait(60) == -signal.SIGKILL
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("alone/[!.]*.json")}
    assert 2 <= len(kept) < 8

    done = run("nas.fidelity", *flags)
    assert done.returncode == 0, done.stderr
    assert f"{len(kept)} of them done before" in done.stderr
    assert (
        kept.items()
        <= {path: path.stat().st_mtime_ns for path in tmp_path.glob("alone/[!.]*.json")}.items()
    )
    check_report(tmp_path, done.stdout)


def check_report(root: Path, shown: str) -> None:
    out = root / "out"
    page = (out / "fidelity.md").read_text()
    rankings = json.loads((out / "fidelity.json").read_text())["rankings"]
    assert max(map(len, shown.splitlines())) <= 80
    for name in ("flops", "params", "supernet0", "supernet1"):
        assert f"| {name} | " in page
        (row,) = [line.split() for line in shown.splitlines() if line.startswith(f"{name} ")]
        assert row[1] == f"{rankings[name]['kendall']['value']:.3f}"
    assert "out/fidelity.md" in shown
    # The table has the settings in which the supernets differ, and no others.
    header = next(line for line in page.splitlines() if line.startswith("| supernet |"))
    assert "| seed | " in header
    assert "rule" not in header
    table = pd.read_csv(out / "standalone.csv")
    record = json.loads((out / "fidelity.json").read_text())
    aucs = {}
    for path in root.glob("alone/[!.]*.json"):
        training = json.loads(path.read_text())
        aucs[training["model"]["architecture"], training["seed"]] = training["outcome"]["auc"]
    assert len(aucs) == 8
    for row in table.to_dict("records"):
        assert row["flops"] == flops(get_space("lens_nano").parse(row["architecture"]), 32)
        for seed in (0, 1):
            assert row[f"seed_{seed}"] == pytest.approx(aucs[row["architecture"], seed])
    gap = (table["standalone"] - table["inherited_supernet0"]).mean()
    assert record["rankings"]["supernet0"]["gap"]["value"] == pytest.approx(gap)
    picture = matplotlib.image.imread(out / "scatter.png")
    assert picture.shape[0] > 300
    assert np.ptp(picture) > 0.5


def test_the_figures_of_a_known_table() -> None:
    table = pd.DataFrame(
        {
            "architecture": list("abcd"),
            "params": [1, 2, 3, 4],
            "flops": [4, 3, 2, 1],
            "seed_0": [0.6, 0.7, 0.8, 0.9],
            "seed_1": [0.6, 0.7, 0.9, 0.8],
            "standalone": [0.6, 0.7, 0.85, 0.86],
            "inherited_x": [0.5, 0.6, 0.8, 0.7],
        }
    )
    fidelity = Fidelity(table, ("x",))
    rankings = fidelity.rankings()
    assert rankings["params"].kendall.value == pytest.approx(1)
    assert rankings["flops"].kendall.value == pytest.approx(-1)
    assert rankings["x"].kendall.value == pytest.approx(4 / 6)
    assert rankings["x"].kendall_top.value == pytest.approx(-1)
    assert rankings["x"].above_flops.value == pytest.approx(4 / 6 + 1)
    assert rankings["x"].gap is not None
    assert rankings["x"].gap.value == pytest.approx(np.mean([0.1, 0.1, 0.05, 0.16]))
    ceiling = fidelity.ceiling()
    assert ceiling is not None
    assert ceiling.value == pytest.approx(4 / 6)
    assert Fidelity(table.drop(columns="seed_1"), ("x",)).ceiling() is None


def test_architectures_are_distinct_and_spread_over_flops() -> None:
    space = get_space("lens_nano")
    chosen = choose(space, 12, 48, seed=0)
    assert chosen == choose(space, 12, 48, seed=0)
    assert len({space.canonical(architecture) for architecture in chosen}) == 12
    costs = np.log([flops(architecture, 48) for architecture in chosen])
    assert np.diff(costs).max() < (costs.max() - costs.min()) / 3


def test_more_architectures_than_the_space_holds() -> None:
    with pytest.raises(
        UserError, match=r"--architectures 4000 cannot be drawn: nas_bench_macro has 3\d+"
    ):
        choose(get_space("nas_bench_macro"), 4000, 32, seed=0)


def test_supernets_of_other_data_or_twice(place: Path, tmp_path: Path) -> None:
    other = folder(tmp_path / "other", classes=2)
    with pytest.raises(
        UserError, match="was trained on other images: give its data set with --data"
    ):
        run(settings(place, tmp_path, data=other))
    with pytest.raises(UserError, match="two supernets have directories of one name"):
        run(settings(place, tmp_path, supernet=(place / "supernet0", place / "supernet0")))
    assert not (tmp_path / "alone").exists()


@pytest.mark.parametrize("missing", ["outcome", "sharing", "recipe", "seed"])
def test_a_supernet_that_says_too_little_of_its_training(
    place: Path, tmp_path: Path, missing: str
) -> None:
    checkpoint = load_checkpoint(place / "supernet0" / "model.safetensors")
    about = {key: value for key, value in checkpoint.about.items() if key != missing}
    (tmp_path / "told").mkdir()
    save_checkpoint(tmp_path / "told" / "model.safetensors", checkpoint.tensors, about)
    with pytest.raises(UserError, match=rf"says of its training is damaged \(.*{missing}"):
        run(settings(place, tmp_path, supernet=tmp_path / "told"))
    assert not (tmp_path / "alone").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"supernet": None}, "--supernet is missing"),
        ({"data": None}, "--data is missing"),
        ({"supernet": ()}, "--supernet is missing"),
        ({"supernet": Path("nowhere")}, "there is no checkpoint nowhere/model.safetensors"),
        ({"architectures": 3}, "--architectures 3 cannot be used: give 4 or more"),
        ({"seeds": 0}, "--seeds 0 cannot be used"),
    ],
)
def test_mistakes(place: Path, tmp_path: Path, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        run(settings(place, tmp_path, **changes))
    assert not (tmp_path / "alone").exists()


def test_places_that_cannot_be_written_are_known_before_anything_is_trained(
    place: Path, tmp_path: Path
) -> None:
    (tmp_path / "fidelity").touch()
    with pytest.raises(
        UserError, match=r"fidelity cannot be written \(.*\): give another directory with --out"
    ):
        run(settings(place, tmp_path))
    assert not list((tmp_path / "alone").iterdir())
    with pytest.raises(
        UserError, match=r"file cannot be written \(.*\): give another directory with --trainings"
    ):
        run(settings(place, tmp_path, trainings=tmp_path / "fidelity" / "file"))


def test_a_supernet_is_named_by_its_directory_or_its_file(place: Path, tmp_path: Path) -> None:
    file = place / "supernet0" / "model.safetensors"
    for supernet in (file, file.parent):
        assert settings(place, tmp_path, supernet=supernet).supernets == {"supernet0": file}


def test_a_damaged_outcome(place: Path, tmp_path: Path) -> None:
    chosen = choose(get_space("lens_nano"), 4, 32, seed=0)
    images = TrainingImages.open(place / "data", FidelitySettings())
    spec = TrainingSpec(
        data=images.dataset.fingerprint,
        card=images.card("lens_nano", str(chosen[0])),
        recipe=part(Recipe, settings(place, tmp_path)),
        seed=0,
    )
    (tmp_path / "alone").mkdir()
    (tmp_path / "alone" / f"{spec.digest}.json").write_text("{")
    with pytest.raises(
        UserError, match=r"is damaged \(.*\): remove it, and its network is trained again"
    ):
        run(settings(place, tmp_path))


@pytest.mark.parametrize(
    ("failure", "error", "said"),
    [
        (Failure("the loss is no number", "mistake"), UserError, "the loss is no number"),
        (Failure("KeyError: ours", "error", "Traceback"), RuntimeError, "Traceback"),
        (Failure("its worker process died", "worker"), UserError, "lost again and again"),
    ],
)
def test_trainings_that_fail(
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: Failure,
    error: type[Exception],
    said: str,
) -> None:
    """What is lost is tried again, what is wrong is named, and what is our bug is loud."""
    tried = []

    def all_fail(jobs: Any, equipment: Any, hands: Any) -> None:
        while (job := jobs.next()) is not None:
            tried.append(job.digest)
            jobs.fail(job, failure)

    monkeypatch.setattr("nas.training.alone.run_all", all_fail)
    with pytest.raises(error, match=said):
        run(settings(place, tmp_path))
    assert max(tried.count(digest) for digest in tried) == (4 if failure.kind == "worker" else 1)


def test_a_training_that_goes_astray_is_recorded_and_left_out(place: Path, tmp_path: Path) -> None:
    asked = settings(place, tmp_path, architectures=5, seeds=1)
    run(asked)
    path = min((tmp_path / "alone").glob("[!.]*.json"))
    record = json.loads(path.read_text())
    del record["outcome"]
    path.with_suffix(".astray.json").write_text(json.dumps({**record, "reason": "it exploded"}))
    path.unlink()
    run(asked)
    page = (tmp_path / "fidelity" / "fidelity.md").read_text()
    assert "| left out | 1, whose training went astray |" in page
    table = pd.read_csv(tmp_path / "fidelity" / "standalone.csv")
    assert len(table) == 4
    assert record["model"]["architecture"] not in set(table["architecture"])
    assert not path.exists()


def test_where_all_go_astray_the_reason_is_told(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = settings(place, tmp_path, seeds=1, learning_rate=1e30, clip_grad=0.0, warmup=0.0)
    for _ in range(2):
        with pytest.raises(UserError, match=r"only 0 of 4 architectures could .*--learning-rate"):
            run(asked)
    # All were tried, and none again.
    assert capsys.readouterr().err.count(" went astray: ") == 4
    assert len(list((tmp_path / "alone").glob("*.astray.json"))) == 4
