"""The report as its reader sees it: in a real browser, without a network."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nas.report.report import write_report
from tests.folders import folder
from tests.nas.report.made import make_board, make_run

pytestmark = pytest.mark.browser

EVIL = "<script>document.title = 'broken in'</script>"
LONG = "evolution-of-hybrid_small/" * 5
NAMES = (LONG, "a $\\frac{b$ c", EVIL, "one & <b>two</b>")
CLASSES = ("no", "<img src=x onerror=alert(1)>", "$x^{")


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The page of a run, and that of a leaderboard."""
    root = tmp_path_factory.mktemp("reports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LENS_NAS_CACHE", str(root / "cache"))
        make_run(root / "run", folder(root / "data"))
        (root / "board").mkdir()
        make_board(root / "board", NAMES, CLASSES)
        return {name: write_report(root / name) for name in ("run", "board")}


@pytest.mark.parametrize("name", ["run", "board"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_renders(
    visit: Callable[..., Any], reports: dict[str, Path], name: str, width: int
) -> None:
    seen = visit(reports[name], width)
    assert seen.errors == []
    assert [url for url in seen.requests if not url.startswith("data:")] == [reports[name].as_uri()]
    images = seen.page.locator("img").evaluate_all(
        "all => all.map(one => [one.naturalWidth, one.alt])"
    )
    assert len(images) == len(list((reports[name].parent / "figures").glob("*.png")))
    assert all(pixels > 0 and len(alt) > 20 for pixels, alt in images)
    # Wide tables and pictures scroll by themselves, not the page.
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= width
    for link in seen.page.locator("nav a").all():
        assert seen.page.locator(f"{link.get_attribute('href')}").count() == 1


@pytest.mark.parametrize("name", ["run", "board"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_have_the_colours_of_the_page_and_fill_their_cards(
    visit: Callable[..., Any], reports: dict[str, Path], name: str, scheme: str
) -> None:
    page = visit(reports[name], 1400, scheme).page
    corners = page.evaluate(
        """() => [...document.images].map(one => {
            const canvas = document.createElement("canvas");
            canvas.getContext("2d").drawImage(one, 0, 0);
            const [red, green, blue] = canvas.getContext("2d").getImageData(1, 1, 1, 1).data;
            return `rgb(${red}, ${green}, ${blue})`;
        })"""
    )
    assert set(corners) == {page.evaluate("getComputedStyle(document.body).backgroundColor")}
    empty = page.locator(".paper").evaluate_all(
        "all => all.map(one => one.clientWidth - one.querySelector('img').clientWidth)"
    )
    assert max(empty) <= 16


def test_what_a_run_shows(visit: Callable[..., Any], reports: dict[str, Path]) -> None:
    page = visit(reports["run"]).page
    figures = {path.stem for path in (reports["run"].parent / "figures").glob("*.pdf")}
    assert figures == {
        "architecture-1",
        "search",
        "costs",
        "importances",
        "roc",
        "confusion",
        "reliability",
        "mistakes",
        "successes",
    }
    assert page.locator("section:has(h2:text-is('All candidates')) tbody tr").count() == 24
    assert "python -m nas.search" in page.locator("dl").inner_text()


def column(page: Any, title: str) -> tuple[Any, Callable[[], list[str]]]:
    table = page.locator("table").first
    titles = table.locator("th").all_inner_texts()
    position = next(i for i, text in enumerate(titles, start=1) if text.strip() == title)
    head = table.locator("th").nth(position - 1)
    return head, lambda: table.locator(f"tbody td:nth-child({position})").all_inner_texts()


DECISIVE = ["network", "test AUC", "parameters", "difference", "p"]


@pytest.mark.parametrize("width", [1400, 390])
def test_what_decides_is_in_view_and_the_rest_one_key_away(
    visit: Callable[..., Any], reports: dict[str, Path], width: int
) -> None:
    page = visit(reports["board"], width).page
    table = page.locator("table").first

    def seen() -> list[str]:
        heads = [head for head in table.locator("th").all() if head.is_visible()]
        return [head.inner_text().strip() for head in heads]

    def right(cell: Any) -> float:
        box = cell.bounding_box()
        return float(box["x"] + box["width"])

    assert seen() == DECISIVE
    cells = table.locator("tbody tr").nth(1).locator("td").all()[:5]
    assert all(right(cell) <= width for cell in cells)
    assert "(" in cells[1].inner_text()
    box = page.get_by_label(f"all {table.locator('th').count()} columns")
    box.focus()
    page.keyboard.press("Space")
    assert len(seen()) == table.locator("th").count() > len(DECISIVE)
    # The name stays where it is while the others scroll.
    before = cells[0].bounding_box()["x"]
    table.locator("xpath=..").evaluate("box => box.scrollLeft = 200")
    assert cells[0].bounding_box()["x"] == before
    assert cells[1].bounding_box()["x"] < before


def test_a_click_sorts_numbers_as_numbers_and_back(
    visit: Callable[..., Any], reports: dict[str, Path]
) -> None:
    head, cells = column(visit(reports["board"]).page, "parameters")
    assert head.get_attribute("aria-sort") is None
    head.get_by_role("button").click()
    assert cells() == ["9", "20", "1,000", "481,497", "1,000,000", "", ""]
    assert head.get_attribute("aria-sort") == "ascending"
    head.get_by_role("button").press("Enter")
    assert cells() == ["1,000,000", "481,497", "1,000", "20", "9", "", ""]
    assert head.get_attribute("aria-sort") == "descending"


def test_ranks_are_by_test_auc_and_a_failed_network_is_never_first(
    visit: Callable[..., Any], reports: dict[str, Path]
) -> None:
    page = visit(reports["board"]).page
    head, aucs = column(page, "test AUC")
    _, ranks = column(page, "rank")
    assert sorted(ranks()) == ["", "", "1", "2", "3", "4", "5"]
    for direction in (1, -1):
        head.get_by_role("button").click()
        assert aucs()[-1] == "failed"
        told = [float(text.partition(" ")[0]) for text in aucs()[:-1]]
        assert told == sorted(told, reverse=direction == -1)
        # Chance has a score, and no rank.
        assert [rank for rank in ranks() if rank] == [str(rank) for rank in range(1, 6)][
            ::-direction
        ]


def test_a_click_sorts_words(visit: Callable[..., Any], reports: dict[str, Path]) -> None:
    page = visit(reports["board"]).page
    numbers, _ = column(page, "parameters")
    numbers.get_by_role("button").click()
    page.get_by_role("checkbox").first.check()
    head, cells = column(page, "kind")
    head.get_by_role("button").click()
    assert cells() == ["baseline"] * 5 + ["found", "reference"]
    assert numbers.get_attribute("aria-sort") is None


def test_words_from_outside_stay_words(visit: Callable[..., Any], reports: dict[str, Path]) -> None:
    seen = visit(reports["board"])
    assert seen.page.title() == "Leaderboard"
    assert EVIL in column(seen.page, "network")[1]()
    assert seen.page.locator("script").count() == 1
    assert seen.page.locator("td b").count() == 0
    published = seen.page.locator("section:has(h2:text-is('Published elsewhere')) tbody td")
    assert published.all_inner_texts() == [
        "VOLO & <b>co</b>",
        "Model II",
        "0.9700",
        "99.99%",
        "another paper",
    ]
    assert f"AUC {CLASSES[1]}" in [
        text.strip() for text in seen.page.locator("th").all_inner_texts()
    ]


def test_what_is_gone_is_said(visit: Callable[..., Any], reports: dict[str, Path]) -> None:
    page = visit(reports["board"]).page
    page.get_by_text("failed").click()
    text = page.inner_text("main")
    assert "The images cannot be shown: the data set gone is gone" in text
    assert "The directory of the search results/runs/gone is gone" in text
    assert "out of memory" in text
