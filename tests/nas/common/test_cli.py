"""Commands read flags and YAML, and end as they should after mistakes and bugs."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

PROGRAM = '''
from dataclasses import dataclass, field
from typing import Literal
from nas.common.cli import Command, main
from nas.common.errors import UserError


@dataclass(frozen=True)
class Optics:
    """Optics."""

    seeing: float = 0.5
    """Seeing in arcsec."""
    range: tuple[int, int] = (3, 9)
    """Smallest and largest zoom."""


@dataclass(frozen=True)
class Settings:
    """Observe a lens."""

    target: str
    """What to look at."""
    image_size: int = 64
    """Pixels on a side."""
    quiet: bool = False
    """Say nothing."""
    filters: tuple[float, ...] = ()
    """Wavelengths."""
    mode: Literal["quick", "deep"] = "quick"
    """How long to look."""
    optics: Optics = field(default_factory=Optics)


def run(settings):
    if settings.target == "sun":
        raise UserError("the sun is too bright: choose a star")
    if settings.target == "bug":
        raise ValueError("ours")
    if settings.target == "stop":
        raise KeyboardInterrupt
    print(settings)


main("observe", Command(Settings, "__main__:run", examples={"Look at a star": "vega --quiet"}))
'''

Observe = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def observe(tmp_path: Path) -> Observe:
    (tmp_path / "observe.py").write_text(PROGRAM)

    def observe(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, tmp_path / "observe.py", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, cwd=tmp_path, timeout=60, check=False
        )

    return observe


def test_flags_with_dashes_nested_and_boolean(observe: Observe) -> None:
    done = observe("vega", "--image-size", "32", "--quiet", "--optics.seeing", "0.7")
    assert (
        done.stdout
        == "Settings(target='vega', image_size=32, quiet=True, filters=(), mode='quick', "
        "optics=Optics(seeing=0.7, range=(3, 9)))\n"
    )


def test_help_says_what_the_dataclass_says(observe: Observe) -> None:
    text = observe("--help-all").stdout
    for words in (
        "usage: observe TARGET [FLAGS]",
        "TARGET                  What to look at. (text; required)",
        "--image-size N          Pixels on a side. (a whole number; default: 64)",
        "--quiet, --no-quiet     Say nothing. (default: off)",
        "--filters A,B           Wavelengths. (numbers such as 0.5,1; default: none)",
        "--mode {quick,deep}     How long to look. (default: quick)",
        "--optics.seeing X       Seeing in arcsec. (a number; default: 0.5)",
    ):
        assert f"{words}\n" in text
    assert text.count("Observe a lens.") == 1


def test_help_folds_what_few_people_set_and_ends_with_examples(observe: Observe) -> None:
    text = observe("--help").stdout
    assert "Optics (see --help-all):\n  --optics.seeing, --optics.range\n" in text
    assert "Seeing in arcsec." not in text
    assert text.endswith("Examples:\n  Look at a star:\n    observe vega --quiet\n")


def test_printed_config_reads_back_and_flags_win(observe: Observe, tmp_path: Path) -> None:
    printed = observe("vega", "--optics.seeing", "0.9", "--print-config").stdout
    assert yaml.safe_load(printed)["optics"] == {"seeing": 0.9, "range": [3, 9]}
    (tmp_path / "config.yaml").write_text(printed)
    again = observe("--config", "config.yaml", "deneb", "--image-size", "8")
    assert (
        again.stdout
        == "Settings(target='deneb', image_size=8, quiet=False, filters=(), mode='quick', "
        "optics=Optics(seeing=0.9, range=(3, 9)))\n"
    )


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["sun"], "the sun is too bright: choose a star"),
        ([], "TARGET must be given"),
        (["vega", "--image-size", "big"], "--image-size"),
        (["vega", "--colour", "red"], "--colour"),
        (["vega", "--image", "32"], "--image"),
        (["vega", "--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(
    observe: Observe, arguments: list[str], named: str
) -> None:
    done = observe(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert named in done.stderr


def test_null_in_yaml_for_what_needs_a_value_is_a_mistake(observe: Observe, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("image_size: null\n")
    done = observe("vega", "--config", "config.yaml")
    assert done.returncode == 2
    assert done.stderr == "error: --image-size: null is no value of it: leave it out\n"


def test_an_unknown_key_in_yaml_is_a_mistake(observe: Observe, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("image_siz: 3\n")
    done = observe("vega", "--config", "config.yaml")
    assert done.returncode == 2
    assert "there is no setting image_siz; did you mean image_size?" in done.stderr


def test_a_bug_is_loud(observe: Observe) -> None:
    done = observe("bug")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ValueError: ours" in done.stderr


def test_an_interrupt_is_quiet(observe: Observe) -> None:
    done = observe("stop")
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("0.5,0.1", "(0.5, 0.1)"),
        ("0.5, 0.1", "(0.5, 0.1)"),
        ("[0.5, 0.1]", "(0.5, 0.1)"),
        ("3", "(3.0,)"),
    ],
)
def test_a_list_is_written_with_commas(
    observe: Observe, tmp_path: Path, written: str, read: str
) -> None:
    (tmp_path / "config.yaml").write_text(f"filters: {written}\noptics:\n  range: 1, 2\n")
    for flags in (("--filters", written), ("--config", "config.yaml")):
        done = observe("vega", *flags)
        assert f"filters={read}" in done.stdout, done.stderr
    assert "range=(1, 2)" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--filters", "0.5,red"], "--filters: expected numbers such as 0.5,1, got red"),
        (["--optics.range", "1"], "--optics.range: expected 2 whole numbers such as 1,2"),
        (["--image-size"], "--image-size: a value is missing, a whole number"),
        (["--image-size="], "--image-size: expected a whole number, got nothing"),
        (["--image-size", "big"], "--image-size: expected a whole number, got big"),
        (["--mode", "quik"], "--mode: expected one of quick, deep, got quik; did you mean quick?"),
    ],
)
def test_a_wrong_value_is_told_in_words(
    observe: Observe, arguments: list[str], sentence: str
) -> None:
    done = observe("vega", *arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
