"""The documentation site builds without a warning and is whole; see docs/site."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import nas.api
import nas.data
import nas.samplers
import search_spaces

ROOT = Path(__file__).parents[1]
CONFIG = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(place)]
    done = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return place


def test_every_page_is_in_the_navigation() -> None:
    pages = [str(page.relative_to(ROOT)) for page in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if f": {page}\n" not in CONFIG] == []


def test_links_that_are_checked_lead_where_files_do(site: Path) -> None:
    page = (site / "samplers" / "index.html").read_text(encoding="utf-8")
    assert 'href="../results/samplers/regret/"' in page
    assert (site / "results" / "samplers" / "regret.png").exists()
    assert not (site / "site").exists()
    assert not (site / "results" / "runs").exists()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    loaded = re.compile(
        r"""<(?:script|img|iframe|link)\b[^>]*(?:src|href)=["']?(https?:)?//[^>]*>"""
    )
    found = {
        tag.group(0)
        for path in site.rglob("*.html")
        for tag in loaded.finditer(path.read_text(encoding="utf-8"))
        # The report of a leaderboard is a page of its own, with tests of its own.
        if path.name == "index.html"
    }
    assert found == set()


def test_the_reference_has_all_public_names(site: Path) -> None:
    text = "\n".join(
        page.read_text(encoding="utf-8") for page in (site / "reference").rglob("index.html")
    )
    packages = (nas.api, nas.data, nas.samplers, search_spaces)
    # Constants have no page: a list of names, by which strategies are called.
    names = {name for package in packages for name in package.__all__} - {"STRATEGIES"}
    shown = {path.rpartition(".")[2] for path in re.findall(r'<h2 id="([\w.]+)"', text)}
    assert names - shown == set()


def test_docstrings_are_markdown_there(site: Path) -> None:
    """No role of Sphinx is left, and examples are code."""
    page = (site / "reference" / "api" / "index.html").read_text(encoding="utf-8")
    assert ":class:" not in page
    assert "``" not in page
    assert 'href="../settings/#nas.search.settings.SearchSettings"' in page
    assert '<span class="gp">&gt;&gt;&gt; </span>' in page
