"""What made a result is written down so that it can be made again."""

import importlib.metadata
import re
import shlex
import subprocess
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest
import torch

from nas.common.provenance import command, commit_of, environment, version_of
from nas.training.networks.checkpoint import load_checkpoint, save_checkpoint


def test_a_recorded_command_can_be_pasted(monkeypatch: pytest.MonkeyPatch) -> None:
    arguments = ["--architecture", "mine=space/a 1 b;2", "--data", "it's here"]
    monkeypatch.setattr(sys, "argv", ["/somewhere/leaderboard.py", *arguments])
    monkeypatch.setattr(
        sys.modules["__main__"], "__spec__", ModuleSpec("baselines.leaderboard", None)
    )
    assert shlex.split(command()) == ["python", "-m", "baselines.leaderboard", *arguments]
    assert command().startswith("python -m baselines.leaderboard --architecture '")


@pytest.fixture
def not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the toolkit without metadata, as in a checkout that nobody installed."""
    installed = importlib.metadata.version

    def version(name: str) -> str:
        if name == "lens-nas":
            raise importlib.metadata.PackageNotFoundError(name)
        return installed(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


@pytest.mark.usefixtures("not_installed")
def test_a_checkout_that_is_not_installed_has_a_version() -> None:
    assert version_of("lens-nas") == "0+checkout"
    assert "lens-nas 0+checkout, numpy " in environment()["versions"]


@pytest.mark.usefixtures("not_installed")
def test_a_checkout_that_is_not_installed_writes_checkpoints(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, {"weight": torch.ones(1)}, {})
    assert load_checkpoint(path).tensors.keys() == {"weight"}


def test_another_package_must_be_installed() -> None:
    assert version_of("numpy") == importlib.metadata.version("numpy")
    with pytest.raises(importlib.metadata.PackageNotFoundError):
        version_of("no-such-package")


def test_a_commit_is_marked_where_files_other_than_results_were_changed(tmp_path: Path) -> None:
    def git(*words: str) -> None:
        subprocess.run(
            ["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True
        )

    assert commit_of(tmp_path) == "unknown"
    (tmp_path / "results").mkdir()
    for name in ("code.py", "results/table.csv"):
        (tmp_path / name).write_text("1\n")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    clean = commit_of(tmp_path)
    assert re.fullmatch("[0-9a-f]{7,}", clean)
    (tmp_path / "results" / "table.csv").write_text("2\n")
    (tmp_path / "new.txt").write_text("not of the checkout\n")
    assert commit_of(tmp_path) == clean
    (tmp_path / "code.py").write_text("2\n")
    assert commit_of(tmp_path) == f"{clean}-dirty"


def test_an_installed_package_has_no_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its environment may lie in the checkout of a user's own project; and git may be missing."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "commit", "--quiet", "--allow-empty", "--message", "theirs"], check=True)
    packages = tmp_path / ".venv" / "site-packages"
    packages.mkdir(parents=True)
    assert commit_of(tmp_path) != "unknown"
    assert commit_of(packages) == "unknown"
    monkeypatch.setenv("PATH", str(packages))
    assert commit_of(tmp_path) == "unknown"
