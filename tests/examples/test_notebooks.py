"""The notebooks run from the first cell to the last, and what is committed of them is fit to be."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.nas.benchmarks.made_up import made_up

EXAMPLES = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(EXAMPLES.glob("*.ipynb"))

# What stands in the cell of parameters where a test runs the notebook.
SMALL = {
    "01_first_search": "IMAGES, TRIALS, EPOCHS = 120, 2, 2",
    "02_your_own_images": "IMAGES, TRIALS, EPOCHS = 100, 1, 2",
    "05_benchmark": "TABLE, BUDGET, SEEDS = 'bench.parquet', 12, 2",
}

# The beginning of a path that only some machine has.
MACHINE = re.compile(r"(?<![\w.~/-])/(home|root|work|tmp|var|opt|usr|Users|mnt|content)\b|:\\Users")

_LARGEST = 300_000


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook: Any) -> list[Any]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def texts(notebook: Any) -> str:
    """Return all that the outputs of a notebook say."""
    said = [output.get("text", "") for output in outputs(notebook)]
    for output in outputs(notebook):
        said += [text for kind, text in output.get("data", {}).items() if kind != "image/png"]
    return "\n".join(map(str, said))


def pictures(notebook: Any) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


@pytest.fixture
def execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a notebook in a directory of its own, with small numbers."""
    monkeypatch.setenv("CI", "true")  # lines in place of bars
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))

    def execute(name: str) -> Any:
        notebook = read(EXAMPLES / f"{name}.ipynb")
        (cell,) = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())]
        cell.source = SMALL[name]
        there = {"metadata": {"path": str(tmp_path)}}
        NotebookClient(notebook, timeout=500, resources=there).execute()
        return notebook

    return execute


def test_the_first_search(execute: Any) -> None:
    done = execute("01_first_search")
    assert pictures(done) == 4
    said = texts(done)
    assert "None is better in every way than these" in said
    assert "ResNet-18" in said
    assert "log₁₀ mass of the heaviest subhalo" in said


def test_your_own_images(execute: Any, tmp_path: Path) -> None:
    done = execute("02_your_own_images")
    assert pictures(done) == 2
    said = texts(done)
    assert "label 4 is none of the 4 classes" in said
    assert "guessing has 20 %" in said
    assert (tmp_path / "morphology.safetensors").exists()


def test_the_benchmark_without_its_table(execute: Any) -> None:
    done = execute("05_benchmark")
    assert pictures(done) == 2
    said = texts(done)
    assert "bench.parquet is not published yet" in said
    assert "says nothing of lenses" in said


def test_the_benchmark_with_its_table(execute: Any, tmp_path: Path) -> None:
    made_up().write(tmp_path / "bench.parquet")
    done = execute("05_benchmark")
    assert pictures(done) == 2
    said = texts(done)
    assert "not published" not in said
    assert "symmetry" in said
    assert "regret" in said or "AUC" in said


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed_was_run_whole_and_is_small(path: Path) -> None:
    assert path.stem in SMALL
    assert path.stat().st_size < _LARGEST
    notebook = read(path)
    nbformat.validate(notebook)  # type: ignore[no-untyped-call]
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert "error" not in {output.output_type for output in outputs(notebook)}
    assert not MACHINE.search(texts(notebook))
    assert pictures(notebook) >= 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_lead_to_files(path: Path) -> None:
    prose = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    links = [link for link in re.findall(r"\]\(([^)]+)\)", prose) if "://" not in link]
    assert [link for link in links if not (EXAMPLES / link).exists()] == []
