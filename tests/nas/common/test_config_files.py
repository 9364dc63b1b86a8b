"""A file for --config may come from anywhere: nothing in it is executed, or grows without end."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROWS = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12))
BOMB = f"a0: &a0 [x, x]\n{ROWS}\ntrials: *a11"
INNER = f'trials: "{{{", ".join(BOMB.splitlines())}}}"'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (BOMB, "the alias *a0, which settings must not have"),
        (INNER, "the alias *a0, which settings must not have"),
        ("trials: " + "[" * 10_000 + "]" * 10_000, "nested more than 32 deep"),
        ("space: " + "x" * 1_000_000, "more than 100,000 characters"),
        ("data: !!python/object/apply:os.mkdir [made]", "could not determine a constructor"),
    ],
)
def test_a_hostile_file(fails: Callable[..., str], tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    sentence = fails("nas.search", "--config", "mine.yaml")
    assert sentence.startswith(f"--config mine.yaml cannot be used ({reason}")
    assert not (tmp_path / "made").exists()
