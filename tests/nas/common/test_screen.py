"""Text from outside is shown as it is, and what an output cannot hold is replaced."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nas.common.screen import screen, words
from tests.folders import folder

ROOT = Path(__file__).parents[3]


@given(st.text(st.sampled_from("[]/:ab\\= red"), min_size=1, max_size=30))
def test_nothing_is_parsed(text: str) -> None:
    console = screen(width=100)
    with console.capture() as captured:
        console.print(text, soft_wrap=True)
    assert captured.get() == text + "\n"


def test_a_column_of_a_bar_shows_its_fields_as_they_are() -> None:
    from rich.progress import Progress

    with Progress(words("{task.description}"), console=screen(width=100)) as bar:
        with bar.console.capture() as captured:
            bar.console.print(bar.get_renderable())
            bar.add_task("training [/red] :ring:")
            bar.console.print(bar.get_renderable())
        bar.stop()
    assert "training [/red] :ring:" in captured.get()


@pytest.mark.parametrize(
    "command",
    ["nas.data inspect", "nas.train --model test_vit --epochs 1 --batch-size 16 --run Ω --data"],
)
def test_an_output_of_ascii_gets_what_it_can_hold(tmp_path: Path, command: str) -> None:
    images = folder(tmp_path / "images")
    (images / "cdm").rename(images / "Ωmega")
    done = subprocess.run(
        [sys.executable, "-m", *command.split(), images],
        capture_output=True,
        encoding="ascii",
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "?mega" in done.stdout
