"""The wheel has all that is needed at run time; .ci/wheel-check tries more, for minutes."""

import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.programs import output

ROOT = Path(__file__).parents[1]
PACKAGES = ("nas", "search_spaces", "baselines", "lens_nas_plugins")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of what the Dockerfile copies, and nothing else."""
    place = tmp_path_factory.mktemp("wheel")
    copied = re.findall(
        r"^COPY (?!--from|requirements)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.M
    )
    for name in " ".join(copied).split():
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, place / name)
    offline = ("--no-deps", "--no-build-isolation", "--no-index", "--quiet")
    output(sys.executable, "-m", "pip", "wheel", *offline, "--wheel-dir", "dist", "./", cwd=place)
    (path,) = (place / "dist").glob("lens_nas-*.whl")
    return path


def test_it_holds_the_packages_and_nothing_else(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert sources - names == set()
    assert {name for name in names - sources if ".dist-info/" not in name} == set()


def test_it_works_in_an_empty_directory(wheel: Path, tmp_path: Path) -> None:
    installed, home = tmp_path / "installed", tmp_path / "home"
    home.mkdir()
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    output(*pip, "--target", installed, wheel, cwd=tmp_path)
    path = str(installed)
    where = "import nas; print(nas.__file__)"
    assert output(sys.executable, "-c", where, cwd=home, PYTHONPATH=path).startswith(path)
    command = installed / "bin" / "lens-nas"
    assert "search " in output(command, cwd=home, PYTHONPATH=path)
    small = ("--images", 6, "--image-size", 40, "--workers", 1)
    output(command, "data", "simulate", *small, "--out", "data/few", cwd=home, PYTHONPATH=path)
    told = output(
        sys.executable, "-m", "nas.data", "inspect", "data/few", cwd=home, PYTHONPATH=path
    )
    assert "no_substructure" in told
    assert [entry.name for entry in home.iterdir()] == ["data"]
