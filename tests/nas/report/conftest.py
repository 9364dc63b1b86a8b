import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_MISSING = (
    "there is no Chromium: install it from the system's packages (apt-get install chromium), as "
    ".ci/run does"
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium; doing without it is a failure in continuous integration."""
    path = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if path is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(_MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        yield browser
        browser.close()


class Visit:
    """A page that is open, and what it did beyond showing itself: errors and requests."""

    def __init__(self, page: Page, file: Path) -> None:
        self.page, self.errors, self.requests = page, [], []
        page.on("console", lambda message: self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))
        page.goto(file.as_uri())


@pytest.fixture
def visit(browser: Browser) -> Iterator[object]:
    """Open a file in a window of this width in pixels, on a light or a dark screen."""
    contexts = []

    def visit(file: Path, width: int = 1280, scheme: Literal["light", "dark"] = "light") -> Visit:
        window = {"width": width, "height": 900}
        contexts.append(browser.new_context(viewport=window, offline=True, color_scheme=scheme))
        return Visit(contexts[-1].new_page(), file)

    yield visit
    for context in contexts:
        context.close()
