"""``python -m nas.search`` searches, and what it leaves can be used."""

import json
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from nas.common.errors import UserError
from nas.retrain.command import run as retrain
from nas.retrain.settings import RetrainSettings
from nas.samplers.registry import STRATEGIES
from nas.search.command import run as search
from nas.search.run_directory import RunDirectory
from nas.search.settings import SearchSettings, resumed
from nas.training.images import TrainingImages
from nas.training.networks.checkpoint import load_checkpoint
from nas.training.networks.loading import load_network
from tests.disks import files_no_larger_than
from tests.nas.tracking.curves import curves
from tests.running import Run

pytestmark = pytest.mark.usefixtures("running")


def test_a_whole_search_without_a_supernet_at_hand(run: Run, tmp_path: Path, data: Path) -> None:
    small = ["--supernet-recipe.epochs", "1", "--sharing.random-subnets", "1", "--workers", "2"]
    inherit = ["--fidelity", "inherit", "--trials", "3"]
    done = run("nas.search", "--data", "data", "--run", "run", *inherit, *small)
    assert done.returncode == 0, done.stderr
    # Where nobody watches, only what is worth telling is written.
    assert len(done.stderr.splitlines()) < 22
    assert "\x1b" not in done.stderr + done.stdout
    directory = RunDirectory.open(tmp_path / "run")
    best, found = directory.best(), directory.candidates()
    assert f"{best.winner.auc:.4f}" in done.stdout
    assert best.winner.architecture in done.stdout
    assert "which also chose it; chance is 0.5\n" in done.stdout
    for run_next in ("nas.report", "nas.retrain --run"):
        assert f"    python -m {run_next} " in done.stderr
    assert [item.state for item in found] == ["complete"] * 3
    assert best.winner.auc == max(item.auc or 0 for item in found)
    assert (best.space, best.fidelity, best.image_size, best.recipe) == (
        "lens_nano",
        "inherit",
        (32, 32),
        None,
    )
    images = TrainingImages.open(Path(best.data.directory), best.data.read_options())
    assert images.dataset.fingerprint == best.data.fingerprint
    assert best.supernet is not None
    assert (directory.path / best.supernet).is_file()
    (environment,) = yaml.safe_load(directory.environment_file.read_text())
    assert {"command", "seed", "commit", "versions", "hardware"} <= set(environment)
    # The settings can be used again, and the supernet is found again.
    again = run(
        "nas.search", "--config", "run/config.yaml", "--run", "again", "--strategy", "random"
    )
    assert again.returncode == 0, again.stderr
    (trained,) = (tmp_path / "results" / "runs").glob("supernet-*")
    assert {"loss", "val/auc_smallest", "val/auc_largest"} <= curves(trained).keys()
    one, two = (
        load_checkpoint(path / "supernet" / "model.safetensors")
        for path in (directory.path, tmp_path / "again")
    )
    assert one.about == two.about
    assert all(tensor.equal(two.tensors[name]) for name, tensor in one.tensors.items())


def test_candidates_can_be_trained(tmp_path: Path, data: Path, supernet: Path) -> None:
    objectives = {
        "objectives": ("auc", "params", "latency"),
        "latency_batch": 2,
        "max_latency_ms": 1e6,
    }
    common: dict[str, Any] = {
        "data": data,
        "trials": 2,
        "workers": 1,
        "epochs": 2,
        "batch_size": 16,
    }
    search(
        SearchSettings(
            **common,
            **objectives,
            fidelity="finetune",
            supernet=supernet,
            run=tmp_path / "finetune",
        )
    )
    search(SearchSettings(**common, fidelity="scratch", run=tmp_path / "scratch"))
    for name in ("finetune", "scratch"):
        best = RunDirectory.open(tmp_path / name).best()
        assert best.weights is not None
        assert best.recipe is not None
        assert best.recipe["epochs"] == 2
        _, card = load_network(tmp_path / name / best.weights)
        assert card.architecture == best.winner.architecture
        assert not (tmp_path / name / best.weights).with_name("state.safetensors").exists()
    measured = RunDirectory.open(tmp_path / "finetune").candidates()
    assert all((item.latency_ms or 0) > 0 for item in measured)


def test_the_study_can_be_elsewhere(tmp_path: Path, data: Path, supernet: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    search(
        SearchSettings(data=data, supernet=supernet, run=tmp_path / "run", storage=url, trials=1)
    )
    search(resumed(tmp_path / "run", trials=2))
    assert not (tmp_path / "run" / "study.db").exists()
    assert len(optuna.load_study(study_name="run", storage=url).trials) == 2
    with pytest.raises(UserError, match="nonsense is no address of a database"):
        search(resumed(tmp_path / "run", storage="nonsense"))
    with pytest.raises(UserError, match="is not kept in the run directory"):
        search(resumed(tmp_path / "run", storage="postgresql://me:***@host/db"))
    # The directory of another search may have the same name.
    with pytest.raises(
        UserError, match="--storage holds a study run already: go on with its search with --resume"
    ):
        search(
            SearchSettings(
                data=data, supernet=supernet, run=tmp_path / "other" / "run", storage=url, trials=1
            )
        )
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_run_of_every_strategy_can_be_retrained(
    tmp_path: Path, data: Path, supernet: Path, strategy: str
) -> None:
    run = tmp_path / "run"
    search(
        SearchSettings(
            strategy=strategy, data=data, supernet=supernet, run=run, trials=3, workers=1
        )
    )
    retrain(RetrainSettings(run=run, seeds=1, epochs=1, batch_size=16, device="cpu"))
    (summary,) = run.glob("retrain/*/summary.json")
    best = json.loads((run / "best.json").read_text())
    assert json.loads(summary.read_text())["model"]["architecture"] == best["architecture"]


def test_a_full_disk_is_named_and_the_search_goes_on(
    tmp_path: Path, data: Path, supernet: Path
) -> None:
    settings = SearchSettings(
        data=data, supernet=supernet, trials=3, workers=1, run=tmp_path / "run"
    )
    said = r"run cannot be written \({}\): make room, and go on with .* --resume .*run"
    with (
        files_no_larger_than(300_000),
        pytest.raises(UserError, match=said.format("File too large")),
    ):
        search(settings)
    assert not list((tmp_path / "run").glob("supernet/*"))
    search(resumed(tmp_path / "run"))
    # Now the study grows until it meets the end of the disk.
    full = (tmp_path / "run" / "study.db").stat().st_size + 16_384
    with (
        files_no_larger_than(full),
        pytest.raises(UserError, match=said.format("database or disk is full|disk I/O error")),
    ):
        search(resumed(tmp_path / "run", trials=60, strategy="evolution"))
    before = len(RunDirectory.open(tmp_path / "run").candidates())
    search(resumed(tmp_path / "run", trials=before + 1))
    assert len(RunDirectory.open(tmp_path / "run").candidates()) == before + 1
