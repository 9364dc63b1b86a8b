"""README and docs say what the files in ``results`` say.

Sentences and rows with measured numbers are written in ``tests/claims.py`` with the numbers read
from ``results``; each must stand in its page. What looks measured there and is claimed by none
fails, but for what is listed below. Blocks between ``` are left out: they are commands, code, and
what commands printed when they were recorded.
"""

import re
from pathlib import Path

import pytest

from tests.claims import CLAIMS

ROOT = Path(__file__).parents[1]
PAGES = [
    str(page.relative_to(ROOT))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
]

MEASURED = re.compile(
    r"(?<![\w.,])\d*\.\d{2,4}(?!\w|\.\d)"  # an AUC, a regret, a ratio
    r"|\b\d[\d.,]* ?%"
    r"|\b\d[\d.,]* (?:thousand|million|parameters|times|ms|seconds|minutes|(?:core-)?hours|[GM]B)\b"
)

# Numbers that look measured and are not: versions, settings, levels, constants of the simulation.
NOT_MEASURED = {
    "README.md": [r"Python 3\.11, 3\.12 or 3\.13", r"some 7 GB"],
    "docs/api.md": [r"15 % of each class choose the network and 15 % judge"],
    "docs/architecture.md": [r"Ray 2\.60", r"than 1 % skipped", r"15 % of each class"],
    "docs/clusters.md": [r"0\.25 lets four share one"],
    "docs/comparing.md": [r"95 % bootstrap interval"],
    "docs/funnel.md": [r"\(95 %\)"],
    "docs/index.md": [r"Python 3\.11, 3\.12 or 3\.13"],
    # Said before anything was run.
    "docs/proof.md": [
        r"interval of 95 %",
        r"whose lower end is \.75 or more; .* above \.5,",
        r"a probability of \.58 .* one of \.75",  # Noether 1987, JASA 82, 645, and a simulation
        r"nuisance 0\.1",
    ],
    "docs/samplers.md": [
        r"learning rate 0\.05, entropy bonus 0\.01",
        r"mean is 0\.10 below the best",  # of the public table
        r"in the long run that ends at 0\.103",  # the same network
    ],
    "docs/search_spaces.md": [r"\| 0, 0\.25 ", r"`lens_small` has 1\.8 .* of the first version"],
    "docs/simulation.md": [r".*(?=## How hard it is)", r"mass fraction of \.02"],
    "docs/stability.md": [r"## Tested with.*"],
    "docs/symmetry.md": [r"We aim at 10 % or less"],
    "docs/statistics.md": [r"95 % interval", r"told with 80 %"],
}

# Numbers of early versions, whose pages say that no file holds them; no new ones.
NO_RECORD = {
    "docs/samplers.md": [r"0\.069 on 50 other seeds", r"mean regret 0\.068 .* at 60\. "],
    "docs/statistics.md": [r"and \.78 on average, .* on 5,000"],
}


def prose(page: str) -> str:
    """The text of a page in one line, without blocks of code and bold face."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return " ".join(re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M).replace("**", "").split())


def unclaimed(page: str) -> list[str]:
    """What looks measured and is in no claim."""
    text = prose(page)
    for claim in CLAIMS.get(page, lambda: iter(()))():
        text = text.replace(claim, " ")
    for known in NOT_MEASURED.get(page, []) + NO_RECORD.get(page, []):
        text = re.sub(known, " ", text)
    return MEASURED.findall(re.sub(r"`[^`]*`|\]\([^)]*\)", " ", text))


@pytest.mark.parametrize("page", CLAIMS)
def test_a_page_says_what_results_say(page: str) -> None:
    text = prose(page)
    missing = [claim for claim in CLAIMS[page]() if claim not in text]
    assert not missing, "the page should say: " + "\n".join(missing)


@pytest.mark.parametrize("page", PAGES)
def test_what_looks_measured_is_claimed(page: str) -> None:
    assert unclaimed(page) == [], "tests/claims.py has no sentence with these numbers"


@pytest.mark.parametrize("page", sorted(NOT_MEASURED | NO_RECORD))
def test_nothing_is_excused_that_is_not_there(page: str) -> None:
    text = prose(page)
    excused = NOT_MEASURED.get(page, []) + NO_RECORD.get(page, [])
    assert [known for known in excused if not re.search(known, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "an AUC of 0.979,",
        "reaches .884 after",
        "is 95.1 % of it",
        "26 thousand weights",
        "| 0.985 |",
        "22,152 parameters",
        "in 18 ms.",
        "1.4 times as fast",
        "some 30 core-hours",
    ],
)
def test_what_looks_measured(text: str) -> None:
    assert MEASURED.search(text)


@pytest.mark.parametrize("text", ["version 2.14.1", "nuisance 0.5", "of 24 candidates", "8,400"])
def test_what_does_not(text: str) -> None:
    assert MEASURED.search(text) is None
