"""A cluster that is lost ends a command soon, and in one sentence."""

import os
import signal
import subprocess
import sys

import pytest

from tests.running import ends_within, processes

PROGRAM = """
import time
from nas.cluster.connection import cluster
from nas.common.interruption import interrupt_on_signals

interrupt_on_signals()
with cluster(cpus=1, then="call again"):
    print("running", flush=True)
    time.sleep(300)
"""


@pytest.mark.parametrize("lost", ["gcs_server", "raylet"])
def test_a_lost_cluster_ends_a_command(lost: str) -> None:
    command = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert command.stdout is not None
    assert command.stdout.readline() == "running\n"
    (victim,) = [pid for pid, name in processes(command.pid).items() if name == lost]
    os.kill(victim, signal.SIGKILL)
    assert command.wait(30) == 2
    said, complained = command.communicate()
    assert said == ""
    assert complained.splitlines() == [
        "starting Ray on this machine",
        "error: the Ray cluster was lost, for its head or its process here ended: call again",
    ]
    assert ends_within(10, command.pid) == []
