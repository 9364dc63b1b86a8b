"""Commands of this checkout and of another one, run as a user runs them."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from nas.common.errors import UserError

ROOT = Path(__file__).parents[2]
"""This checkout."""


def require_checkout(path: Path) -> None:
    """Check that a directory is a checkout of this toolkit.

    Raises:
        UserError: it is none.
    """
    if not (path / "nas").is_dir():
        raise UserError(f"{path} is no checkout of this toolkit: give one with --against")


def run_command(
    words: str, checkout: Path, place: Path, variables: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run ``python -m`` with the packages of a checkout, and wait for its end.

    Args:
        words: module and arguments, separated by blanks.
        checkout: whose packages are used.
        place: directory to run in.
        variables: environment variables to set.
    """
    return subprocess.run(  # noqa: S603 - these are our own commands
        [sys.executable, "-m", *words.split()],
        env={**os.environ, **(variables or {}), "PYTHONPATH": str(checkout.absolute())},
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
    )
