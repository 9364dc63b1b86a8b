"""Programs that tests run to their end."""

import os
import subprocess
from pathlib import Path


def output(*command: object, cwd: Path, **variables: str) -> str:
    """Run a program in a directory, and return what it prints; it must succeed."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **variables},
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
