"""Importing the package loads nothing large, and names are there all the same."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

LARGE = {"torch", "timm", "ray", "optuna", "matplotlib", "pandas", "sklearn", "lenstronomy"}

PROGRAM = """
import sys, nas
print(sorted(name for name in dir(nas) if not name.startswith("_")))
print(sorted(name for name in dir(nas.api) if not name.startswith("_")))
print(*sys.modules)
"""


def test_importing_the_package_is_light() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
    )
    package, api, loaded = done.stdout.splitlines()
    assert package == "['LensClassifier', 'api']"
    assert {"'search'", "'simulate'", "'LensClassifier'"} <= set(api.strip("[]").split(", "))
    assert LARGE & set(loaded.split()) == set()
