"""Commands answer at once: what is asked of them is read before anything large is loaded.

How many seconds that takes is shown by ``python -m nas.benchmarks.answers``.
"""

import importlib
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

LARGE = ("torch", "timm", "ray", "optuna", "matplotlib", "pandas", "lenstronomy")

MODULES = (
    "nas search",
    "nas leaderboard",
    "nas data simulate",
    "nas.search",
    "nas.retrain",
    "nas.train",
    "nas.supernet",
    "nas.fidelity",
    "nas.predict",
    "nas.export",
    "nas.report",
    "nas.data",
    "nas.data simulate",
    "nas.data inspect",
    "nas.data preview",
    "nas.benchmarks.answers",
    "nas.benchmarks.outcomes",
    "nas.benchmarks.reading",
    "nas.benchmarks.samplers",
    "nas.benchmarks.samplers.speed",
    "nas.benchmarks.search",
    "nas.benchmarks.sharing",
    "nas.benchmarks.simulation",
    "nas.benchmarks.training",
    "baselines.leaderboard",
)

MISTAKES = (
    ("nas serach", "there is no command serach; did you mean search?"),
    ("nas search --trial 5", "there is no flag --trial; did you mean --trials?"),
    ("nas.search --trial 5", "there is no flag --trial; did you mean --trials?"),
    ("nas.search --no-filnan", "did you mean --no-fill-nan?"),
    ("nas.search --sharing.rul=random", "did you mean --sharing.rule?"),
    ("nas.search 5", "5 belongs to no flag"),
    ("nas.predict", "--checkpoint and --data must be given"),
    ("nas.data inspect", "DIRECTORY must be given"),
    ("nas.report --directory runs", "there is no flag --directory (see"),
    ("nas.data simulat", "did you mean simulate?"),
    ("nas.search --strategy evolutoin", "did you mean evolution"),
    ("nas.search --trials 0", "--trials 0 cannot be used"),
    ("nas.search --data nowhere", "nowhere does not exist"),
    ("nas.search --resume nowhere", "nowhere is not the directory of a search"),
    ("nas.search --supernet nowhere", "there is no checkpoint nowhere"),
    ("nas.retrain --run nowhere", "nowhere is not the directory of a search"),
    ("nas.fidelity --data . --supernet nowhere", "there is no checkpoint"),
    ("nas.predict --checkpoint nowhere --data .", "there is no checkpoint nowhere"),
    ("nas.export --checkpoint nowhere --onnx network.onnx", "there is no checkpoint nowhere"),
    ("baselines.leaderboard --run nowhere", "nowhere is not the directory of a search"),
    ("nas.retrain --seeds 0", "--seeds 0 cannot be used"),
    ("nas.retrain --data nowhere", "nowhere does not exist"),
    ("nas.train --data nowhere --model resnet18", "nowhere does not exist"),
    ("nas.train --model resnet18", "--data is missing"),
    ("nas.supernet --data nowhere", "nowhere does not exist"),
    ("nas.supernet --rule sandwitch --data .", "sandwitch"),
    ("nas.fidelity --data nowhere --supernet there", "nowhere does not exist"),
    ("nas.predict --checkpoint . --data nowhere", "nowhere does not exist"),
    ("nas.export --checkpoint . --onnx no/such/file.onnx", "cannot be written"),
    ("nas.report nowhere", "nowhere is no directory"),
    ("nas.data inspect nowhere", "nowhere does not exist"),
    ("nas.data simulate --images 0", "images"),
    ("nas.benchmarks.search --trial 5", "--trial"),
    ("baselines.leaderboard --data nowhere", "nowhere does not exist"),
    ("baselines.leaderboard --epoch 3", "--epoch"),
)


# Runs a command as ``python -m`` does, and says on standard error what it had loaded at its end.
PROGRAM = """
import atexit, runpy, sys
module, *rest = sys.argv[1:]
sys.argv = ["-m", *rest]  # as Python has it while it looks for the module
atexit.register(lambda: print("loaded:", *sys.modules, file=sys.stderr))
runpy.run_module(module, run_name="__main__", alter_sys=True)
"""


def answer(words: str, directory: Path) -> tuple[subprocess.CompletedProcess[str], set[str]]:
    """Run a command; return what it said, and which large packages it had loaded when it ended."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words.split()],
        capture_output=True,
        text=True,
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=300,
        check=False,
    )
    said, _, loaded = done.stderr.partition("loaded:")
    done.stderr = said
    return done, set(LARGE) & set(loaded.split())


@pytest.mark.parametrize("module", MODULES)
def test_help_and_settings_load_nothing_large(module: str, tmp_path: Path) -> None:
    for flag in ("--help", "--print-config"):
        if flag == "--print-config" and module == "nas.data":
            continue  # its sub-commands have settings, not itself
        done, loaded = answer(f"{module} {flag}", tmp_path)
        assert done.stdout, done.stderr
        assert not loaded


@pytest.mark.parametrize(
    "command", [name for name in MODULES if "benchmarks" not in name and name != "nas.data"]
)
def test_help_ends_with_two_examples_that_can_be_typed(command: str, tmp_path: Path) -> None:
    done, _ = answer(f"{command} --help", tmp_path)
    examples = re.findall(r"^    python -m (.+)$", done.stdout.partition("Examples:")[2], re.M)
    assert len(examples) == 2
    for example in examples:
        done, _ = answer(f"{example} --print-config", tmp_path)
        assert done.returncode == 0, done.stderr


def test_the_help_of_a_search_begins_with_what_people_set_first(tmp_path: Path) -> None:
    done, _ = answer("nas.search --help", tmp_path)
    explained = re.findall(r"^  --([\w-]+)  +|^  --([\w-]+) [A-Z{]", done.stdout, re.M)
    flags = [one or other for one, other in explained]
    assert flags[:4] == ["strategy", "data", "trials", "objectives"]
    assert flags.index("max-params") < flags.index("layout")
    assert "learning-rate" not in flags


@pytest.mark.parametrize("flag", ["", "--help"])
def test_all_commands_are_listed(flag: str, tmp_path: Path) -> None:
    done, loaded = answer(f"nas {flag}", tmp_path)
    doors = [
        path.parent.name
        for path in (*ROOT.glob("nas/*/__main__.py"), *ROOT.glob("baselines/*/__main__.py"))
    ]
    listed = re.findall(r"^  (\w+)  +\w", done.stdout, re.MULTILINE)
    assert sorted(listed) == sorted(doors)
    assert not loaded


@pytest.fixture
def lens_nas(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``lens-nas`` with arguments, as after an installation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, function = project["scripts"]["lens-nas"].split(":")
    # This is what the script holds that pip writes.
    script = tmp_path / "lens-nas"
    script.write_text(f"import sys\nfrom {module} import {function}\nsys.exit({function}())\n")

    def lens_nas(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, script, *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=300,
            check=False,
        )

    return lens_nas


def test_the_console_script_runs_commands(
    lens_nas: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    done = lens_nas("leaderboard", "--run", "nowhere")
    assert done.returncode == 2
    assert "nowhere is not the directory of a search" in done.stderr


def test_help_names_a_command_as_it_was_typed(
    lens_nas: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    assert lens_nas().stdout.startswith("usage: lens-nas COMMAND [FLAGS]\n")
    said = lens_nas("data", "simulate", "--help").stdout
    assert said.startswith("usage: lens-nas data simulate [FLAGS]\n")
    assert "\n    lens-nas data simulate --model II" in said
    assert "(see lens-nas search --help)" in lens_nas("search", "--trial", "5").stderr
    for words in ("nas search", "nas.search"):
        done, _ = answer(f"{words} --help", tmp_path)
        assert done.stdout.startswith(f"usage: python -m {words} [FLAGS]\n")


@pytest.mark.parametrize(("words", "sentence"), MISTAKES)
def test_a_mistake_is_answered_at_once(words: str, sentence: str, tmp_path: Path) -> None:
    done, loaded = answer(words, tmp_path)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert not loaded
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("module", [name for name in MODULES if " " not in name])
def test_what_a_door_names_is_there(module: str) -> None:
    """A command names its function by a string, which no type checker reads."""
    door = Path(importlib.import_module(module).__path__[0], "__main__.py")
    named = re.findall(r'"([\w.]+):(\w+)"', door.read_text(encoding="utf-8"))
    assert named
    for where, function in named:
        assert callable(getattr(importlib.import_module(where), function))
