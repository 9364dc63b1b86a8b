"""Nothing that is guarded outlives the process that started it, however that ends."""

import signal
import subprocess
import sys

import pytest

from tests.running import ends_within

PROGRAM = """
import subprocess, sys, os, time
from nas.cluster.guard import guarded

with guarded() as variables:
    sleep = "import subprocess, sys, time; {child}; print('asleep', flush=True); time.sleep(100)"
    # It has a child of its own.
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(100)'])"
    command = [sys.executable, "-c", sleep.format(child=child)]
    subprocess.Popen(command, env={**os.environ, **variables})
    time.sleep(float(sys.argv[1]))
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT, None])
def test_what_is_guarded_ends_with_its_process(number: signal.Signals | None) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "2" if number is None else "100"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
        # A shell that runs the tests in the background has them ignore SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "asleep\n"
    if number is not None:
        process.send_signal(number)
    process.wait(10)
    assert ends_within(5, session=process.pid) == []


def test_others_are_left_alone() -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    subprocess.run(
        [sys.executable, "-c", "from nas.cluster.guard import guarded\nwith guarded(): pass"],
        check=True,
    )
    assert other.poll() is None
    other.kill()
    other.wait()
