"""Hooks of mkdocs: which files the site has, and where they stand.

Pages link to each other as files do, from ``docs`` to ``results`` and to the root. The site keeps
these places, so that a link is right in a checkout, where repositories are shown, and here.
"""

import subprocess
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

_ROOT = Path(__file__).parents[2]
_SOURCES = (
    "docs",
    "results",
    "examples",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "CITATION.cff",
    "LICENSE",
)
_CODE = "docs/site/"


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Replace the files of ``docs`` by all sources, at their places; keep those of plugins."""
    own = [file for file in files if file.abs_src_path is None or _is_elsewhere(file)]
    return Files([*own, *(_file(path, config) for path in _tracked())])


def _is_elsewhere(file: File) -> bool:
    return not Path(str(file.abs_src_path)).is_relative_to(_ROOT / "docs")


def _tracked() -> list[str]:
    """Return all sources that git knows or could know: no runs, and no trainings."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *_SOURCES]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    paths = sorted(set(done.stdout.splitlines()))
    return [path for path in paths if not path.startswith(_CODE) and (_ROOT / path).exists()]


def _file(path: str, config: MkDocsConfig) -> File:
    file = File.generated(config, path, abs_src_path=str(_ROOT / path))
    # The pages of docs are the site's own; they need no directory.
    file.dest_uri = file.dest_uri.removeprefix("docs/")
    return file
