"""Pages are read in a terminal too: their lines are short."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in PAGES])
def test_lines_have_at_most_100_columns(page: str) -> None:
    """Rows of tables, images and single words cannot be broken."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    assert [
        line
        for line in lines
        if len(line) > 100 and not line.startswith(("|", "![")) and " " in line.strip()
    ] == []
