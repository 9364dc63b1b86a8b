"""Every command runs in a terminal, narrow or wide and in colours, from start to last line.

Paths and class names are such that rich would take them for its markup.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.folders import folder

ROOT = Path(__file__).parents[1]
NARROW, WIDE = 60, 200

IMAGES = "we[i]rd[/red]:ring:"
QUICK = "--epochs 1 --batch-size 16"
# In this order: later commands use what earlier ones made.
COMMANDS = {
    "simulate": "nas.data simulate --images 30 --image-size 32 --out simulated --workers 1",
    "inspect": f"nas.data inspect {IMAGES}",
    "preview": f"nas.data preview {IMAGES} --out preview.png",
    "train": f"nas.train --model test_vit --data {IMAGES} {QUICK} --run train",
    "supernet": f"nas.supernet --data {IMAGES} {QUICK} --random-subnets 1 --run supernet",
    "search": f"nas.search --data {IMAGES} --supernet supernet --trials 2 --workers 2 "
    "--run [/b]search",
    "retrain": f"nas.retrain --run [/b]search --seeds 1 {QUICK}",
    "predict": f"nas.predict --checkpoint train/model.safetensors --data {IMAGES}",
    "export": "nas.export --checkpoint train/model.safetensors --onnx network.onnx",
    "leaderboard": f"baselines.leaderboard --data {IMAGES} --run [/b]search --models test_vit "
    f"{QUICK} --seeds 1 --random 0 --latency-batch 2 --workers 2 --out board",
    "report": "nas.report [/b]search",
    # What the narrow one trained is shown again.
    "wide leaderboard": f"baselines.leaderboard --data {IMAGES} --run [/b]search --models test_vit "
    f"{QUICK} --seeds 1 --random 0 --latency-batch 2 --workers 2 --out board",
    "fidelity": f"nas.fidelity --supernet supernet --data {IMAGES} {QUICK} --architectures 4 "
    "--seeds 1",
}


@dataclass(frozen=True)
class Session:
    """What a command said in a terminal, and how it ended."""

    status: int
    said: str


def in_terminal(words: str, directory: Path, columns: int) -> Session:
    """Run a command in a pseudo-terminal of its own, which is its standard streams."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
    for name in ("CI", "COLUMNS", "LINES"):  # the terminal says how large it is
        environment.pop(name, None)
    process = subprocess.Popen(
        [sys.executable, "-m", *words.split()],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=directory,
        env=environment,
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the last process that held the other end is gone
            break
        if not part:
            break
        said += part
    os.close(ours)
    return Session(process.wait(), said.decode(errors="replace"))


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Session]:
    place = tmp_path_factory.mktemp("terminal")
    images = folder(place / IMAGES)
    (images / "cdm").rename(images / "[bold]")
    (images / "axion").rename(images / "[x]:lens:")
    return {
        name: in_terminal(words, place, WIDE if name.startswith("wide") else NARROW)
        for name, words in COMMANDS.items()
    }


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_well_in_a_terminal(sessions: dict[str, Session], name: str) -> None:
    session = sessions[name]
    assert session.status == 0, session.said[-3000:]
    assert "Traceback" not in session.said
    assert "error:" not in session.said
    assert session.said.strip()


@pytest.mark.parametrize("name", ["train", "supernet", "search", "leaderboard"])
def test_what_takes_long_shows_its_progress_in_colours(
    sessions: dict[str, Session], name: str
) -> None:
    assert "\x1b[" in sessions[name].said
    assert "━" in sessions[name].said


def test_a_wide_terminal_shows_more_columns(sessions: dict[str, Session]) -> None:
    title = "over symmetries"
    assert title in sessions["wide leaderboard"].said, sessions["wide leaderboard"].said[-3000:]
    assert title not in sessions["leaderboard"].said


def test_names_are_shown_as_they_are(sessions: dict[str, Session]) -> None:
    for name in ("[bold]", "[x]:lens:", IMAGES):
        assert name in sessions["inspect"].said
    assert "[x]:lens:" in sessions["train"].said
    assert "[bold]" in sessions["predict"].said
    assert "[/b]search" in sessions["search"].said
