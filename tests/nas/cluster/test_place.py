"""Where Ray can keep no files, that is said before it starts, and what to do."""

from pathlib import Path

import pytest

from nas.cluster.place import require_place
from nas.common.errors import UserError
from tests.disks import files_no_larger_than

MEND = "RAY_TMPDIR"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RAY_TMPDIR", "TMPDIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("variable", ["TMPDIR", "RAY_TMPDIR"])
def test_a_path_too_long_for_a_socket(
    tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, f"/tmp/{'a' * 60}")
    with pytest.raises(UserError, match=f"whose path has more than .* characters: .*{MEND}"):
        require_place()


def test_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    with files_no_larger_than(100_000), pytest.raises(UserError, match=f"cannot keep .*{MEND}"):
        require_place()


@pytest.mark.parametrize("place", ["", "relative", "/dev/null", "/proc/nowhere"])
def test_no_directory(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_TMPDIR", place)
    with pytest.raises(UserError, match=f"cannot keep its files in .*{MEND}"):
        require_place()


def test_another_place_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TMPDIR", f"/tmp/{'a' * 60}")
    monkeypatch.setenv("RAY_TMPDIR", "/tmp")
    require_place()
