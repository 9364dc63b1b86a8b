"""How simulations are started by tests, compared, and refused."""

import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from nas.common.errors import UserError
from nas.data.simulation import dataset
from nas.data.simulation.dataset import simulate_dataset
from nas.data.simulation.settings import SimulationSettings

FILES = ["dataset.json", "images.npy", "labels.npy", "parameters.parquet"]


SETTINGS = SimulationSettings(images=3 * dataset.CHUNK + 10, image_size=16)


def contents(directory: Path) -> dict[str, bytes]:
    assert sorted(path.name for path in directory.iterdir()) == FILES
    return {name: (directory / name).read_bytes() for name in FILES}


def refused(settings: SimulationSettings, out: Path, workers: int = 1) -> str:
    with pytest.raises(UserError) as mistake:
        simulate_dataset(settings, out, workers)
    assert "\n" not in str(mistake.value)
    return str(mistake.value)


INTERRUPTED = SimulationSettings(images=20 * dataset.CHUNK, image_size=16)


PATIENCE = 300
"""Seconds that a test waits at most, since a busy machine takes long to start processes."""


COMMAND = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from nas.data.simulation.settings import SimulationSettings
    from nas.data.simulation.dataset import simulate_dataset
    from nas.common.errors import UserError

    if __name__ == "__main__":
        settings = SimulationSettings(images=int(sys.argv[1]), image_size=16)
        try:
            simulate_dataset(settings, Path(sys.argv[2]), int(sys.argv[3]))
        except UserError as mistake:
            print(mistake, file=sys.stderr)
            sys.exit(2)
    """
)


def start(
    images: int, out: Path, workers: int, file_size: int = resource.RLIM_INFINITY
) -> subprocess.Popen[str]:
    """Start the command, which may write no file of more than ``file_size`` bytes."""

    def prepare() -> None:
        # Tests that run in the background have SIGINT ignored, and so would the command.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, resource.RLIM_INFINITY))

    script = out.parent / "command.py"
    script.write_text(COMMAND)
    arguments = [sys.executable, str(script), str(images), str(out), str(workers)]
    return subprocess.Popen(
        arguments, stderr=subprocess.PIPE, text=True, preexec_fn=prepare, start_new_session=True
    )
