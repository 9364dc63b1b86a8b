"""``python -m nas.search`` searches, can be stopped and killed, goes on, and names mistakes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from nas.cluster.connection import cluster
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
from nas.training.recipe import Recipe
from search_spaces import SpaceError
from tests.disks import files_no_larger_than
from tests.folders import folder
from tests.nas.tracking.curves import curves
from tests.running import Run, ends_within


@pytest.fixture(scope="module", autouse=True)
def running() -> Iterator[None]:
    """Start one Ray for all searches of this process; commands start their own."""
    with cluster(None, 2):
        yield


def outcomes(directory: Path) -> list[tuple[Any, ...]]:
    """Return all that the study of a run says, without times."""
    study = optuna.load_study(study_name="search", storage=f"sqlite:///{directory / 'study.db'}")
    told = []
    for trial in study.trials:
        attributes = {
            **trial.user_attrs,
            "evaluation": {**trial.user_attrs["evaluation"], "seconds": None},
        }
        told.append(
            (
                trial.number,
                trial.state,
                trial.values,
                trial.params,
                attributes,
                trial.intermediate_values,
            )
        )
    return told


def until_done(
    directory: Path, candidates: int, arguments: list[str], stop: signal.Signals
) -> tuple[int, str]:
    """Run the command, and send it a signal when so many more candidates are done.

    It must end soon, and all of Ray with it. Return the exit status, and what the command wrote to
    stderr.
    """
    command = [sys.executable, "-m", "nas.search", *arguments]
    process = subprocess.Popen(
        command,
        cwd=directory.parent,
        env=os.environ,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore SIGINT, and the command
        # would inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    log = directory / "search.log"
    before = log.read_text().count(" complete: ") if log.exists() else 0
    while process.poll() is None:
        if log.exists() and log.read_text().count(" complete: ") >= before + candidates:
            process.send_signal(stop)
            break
        time.sleep(0.02)
    status = process.wait(15)
    assert ends_within(10, session=process.pid) == []
    return status, process.communicate()[1]


def test_a_search_that_was_stopped_and_killed_ends_as_an_unbroken_one(
    run: Run, tmp_path: Path, supernet: Path
) -> None:
    common = [
        "--data",
        "data",
        "--supernet",
        str(supernet),
        "--strategy",
        "rl",
        "--trials",
        "9",
        "--workers",
        "1",
    ]
    done = run("nas.search", *common, "--run", "unbroken")
    assert done.returncode == 0, done.stderr
    status, told = until_done(tmp_path / "broken", 2, [*common, "--run", "broken"], signal.SIGINT)
    assert status == 130
    assert "go on with: python -m nas.search --resume broken" in told
    assert "Traceback" not in told
    status, told = until_done(tmp_path / "broken", 1, ["--resume", "broken"], signal.SIGTERM)
    assert status == 130
    assert "go on with: python -m nas.search --resume broken" in told
    status, _ = until_done(tmp_path / "broken", 2, ["--resume", "broken"], signal.SIGKILL)
    assert status == -signal.SIGKILL
    done = run("nas.search", "--resume", "broken")
    assert done.returncode == 0, done.stderr
    assert "of them done before" in done.stderr
    assert outcomes(tmp_path / "broken") == outcomes(tmp_path / "unbroken")
    assert len(outcomes(tmp_path / "broken")) == 9
    found = {
        item.number: pytest.approx(item.auc)
        for item in RunDirectory.open(tmp_path / "broken").candidates()
    }
    for name in ("broken", "unbroken"):
        told = curves(tmp_path / name)
        # After a kill a point may be logged twice.
        assert dict(told["candidate/auc"]) == found
        assert list(dict(told["best/auc"])) == list(range(9))
        assert max(told["best/auc"], key=lambda point: point[1])[1] == told["best/auc"][-1][1]
    starts = RunDirectory.open(tmp_path / "broken").environments()
    assert [start["command"].partition(" --")[2].split()[0] for start in starts] == [
        "data",
        "resume",
        "resume",
        "resume",
    ]
    log = (tmp_path / "broken" / "search.log").read_text()
    evaluated = re.findall(r"trial (\d+) complete", log)
    assert sorted(evaluated) == sorted(set(evaluated))


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


def test_trainings_that_were_killed_end_as_unbroken_ones(tmp_path: Path, data: Path) -> None:
    settings = {
        "fidelity": "scratch",
        "trials": "3",
        "workers": "1",
        "epochs": "2",
        "batch-size": "16",
    }
    flags = [word for name, value in settings.items() for word in (f"--{name}", value)]
    status, _ = until_done(
        tmp_path / "broken", 1, ["--data", "data", *flags, "--run", "broken"], signal.SIGKILL
    )
    assert status == -signal.SIGKILL
    search(resumed(tmp_path / "broken", data=data))
    search(replace(resumed(tmp_path / "broken", data=data), resume=None, run=tmp_path / "unbroken"))
    assert outcomes(tmp_path / "broken") == outcomes(tmp_path / "unbroken")
    assert len(outcomes(tmp_path / "broken")) == 3


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


@pytest.fixture
def unfinished(tmp_path: Path, data: Path, supernet: Path) -> Path:
    """Make a run that was begun, and stopped before its first candidate."""
    settings = {"data": str(data), "supernet": str(supernet), "trials": 2}
    run = RunDirectory(tmp_path / "unfinished")
    run.path.mkdir()
    run.write_config(settings)
    return run.path


def test_what_a_resumed_search_cannot_change(tmp_path: Path, unfinished: Path, data: Path) -> None:
    def resume(message: str, **changes: Any) -> None:
        with pytest.raises(UserError, match=message):
            search(resumed(unfinished, **changes))

    resume(
        "was begun with --space lens_nano, not hybrid_small: leave --space out",
        space="hybrid_small",
    )
    resume("was begun with --seed 0, not 3", seed=3)
    resume(r"was begun with --supernet-recipe.epochs \d+, not 2", supernet_recipe=Recipe(epochs=2))
    with RunDirectory(unfinished).locked():
        resume("is being searched by process")
    search(resumed(unfinished, trials=1))
    (unfinished / "study.db").write_bytes(b"this is no database" * 100)
    resume(r"database sqlite:\S+ cannot be opened")
    (unfinished / "study.db").unlink()
    (unfinished / "supernet" / "model.safetensors").write_bytes(b"this is no checkpoint")
    resume("is no whole safetensors file")
    (unfinished / "config.yaml").write_text("strategy: [")
    resume("config.yaml is damaged")
    (unfinished / "config.yaml").write_text("colour: red\n")
    resume("the settings cannot be read")


def test_every_flag_of_a_resumed_search_counts(unfinished: Path, fails: Callable[..., str]) -> None:
    run = RunDirectory(unfinished)
    run.write_config({**run.config(), "space": "hybrid_small", "strategy": "rl"})
    told = fails("nas.search", "--resume", unfinished, "--strategy", "rl", "--space", "lens_nano")
    assert "was begun with --space hybrid_small, not lens_nano: leave --space out" in told


def test_another_data_set_is_refused(tmp_path: Path, unfinished: Path, data: Path) -> None:
    other = folder(tmp_path / "other", size=40)
    with pytest.raises(UserError, match="was trained on other images"):
        search(resumed(unfinished, data=other))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strategy": "evolutoin"}, "there is no strategy 'evolutoin'.*did you mean evolution"),
        (
            {"space": "hybrid_nanno"},
            "there is no search space 'hybrid_nanno'; did you mean hybrid_nano",
        ),
        (
            {"max_params": 10},
            "no architecture of lens_nano keeps --max-params 10: the smallest value is",
        ),
        (
            {"max_flops": 10},
            "no architecture of lens_nano keeps --max-flops 10: the smallest value is",
        ),
        (
            {"max_latency_ms": 1e-6},
            r"keeps --max-latency-ms 1e-06: the fastest of its lightest ones takes \d.* ms for 64",
        ),
        ({"data": Path("nowhere")}, "nowhere"),
        ({"supernet": Path("nowhere")}, "nowhere"),
        ({"storage": "nonsense://x"}, "database nonsense://x cannot be opened"),
        ({"gpus_per_trial": 1000.0}, "--gpus-per-trial 1000.0 cannot be had"),
        ({"resume": Path("nowhere")}, "nowhere is not the directory of a search"),
    ],
)
def test_mistakes_leave_nothing_behind(
    tmp_path: Path, data: Path, supernet: Path, changes: dict[str, Any], message: str
) -> None:
    settings = {"data": data, "supernet": supernet, "run": tmp_path / "run", "trials": 1, **changes}
    with pytest.raises((UserError, SpaceError), match=message):
        search(SearchSettings(**settings))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"objectives": ("auc", "size")},
            "--objectives auc,size cannot be used: give auc, and any of params, flops",
        ),
        ({"objectives": ("params",)}, "--objectives params cannot be used"),
        ({"objectives": ("auc", "auc")}, "--objectives auc,auc cannot be used"),
        ({"trials": 0}, "--trials 0 cannot be used"),
        ({"workers": 0}, "--workers 0 cannot be used"),
        ({"seed": -1}, "--seed -1 cannot be used"),
        ({"gpus_per_trial": -1.0}, "--gpus-per-trial -1.0 cannot be used"),
        ({"gpus_per_trial": 1.5}, "--gpus-per-trial 1.5 cannot be used"),
        (
            {"fidelity": "scratch", "supernet": Path("x")},
            "--supernet is not used by --fidelity scratch",
        ),
        (
            {"fidelity": "funnel", "supernet": Path("x")},
            "--supernet is not used by --fidelity funnel",
        ),
        (
            {"supernet_recipe": Recipe(epochs=2)},
            "--supernet-recipe is not used by --fidelity funnel: leave it out, or give --fidelity",
        ),
        (
            {"epochs": 20, "final_epochs": 12},
            "--final-epochs 12 would train finalists shorter than candidates with --epochs 20",
        ),
        ({"trials": 2, "finalists": 3}, "--finalists 3 cannot be used: give 0 to 2"),
    ],
)
def test_settings_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=re.escape(message)):
        SearchSettings(**changes)


def test_the_command_says_mistakes_in_a_sentence(fails: Callable[..., str]) -> None:
    assert "--fidelity" in fails("nas.search", "--fidelity", "guess")


def test_a_run_is_not_searched_twice(unfinished: Path, data: Path, supernet: Path) -> None:
    with pytest.raises(UserError, match="holds a search already: go on with --resume"):
        search(SearchSettings(data=data, supernet=supernet, run=unfinished))


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
