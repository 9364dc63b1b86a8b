"""The type of the fixture that runs commands."""

import subprocess
from collections.abc import Callable

Run = Callable[..., subprocess.CompletedProcess[str]]
"""Runs ``python -m MODULE ARGUMENTS`` as a user does."""
