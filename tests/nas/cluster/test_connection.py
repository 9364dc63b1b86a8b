"""Ray starts on this machine alone, and a cluster that does not answer is named."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import ray

from nas.cluster.connection import Hands, cluster, share_out
from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError


def listening(pids: set[int]) -> set[str]:
    """Return the addresses, as the kernel writes them, on which processes wait for connections."""
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                inodes.add(str(link.readlink()).removeprefix("socket:[").rstrip("]"))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            columns = line.split()
            if columns[3] == "0A" and columns[9] in inodes:
                found.add(columns[1].partition(":")[0])
    return found


def family(pid: int) -> set[int]:
    """Return a process and all that it started."""
    found, parents = {pid}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_nothing_listens_to_other_machines() -> None:
    with cluster(None, 2):
        # A task makes sure that there is a worker.
        ray.get(ray.remote(lambda: None).remote())
        found = listening(family(os.getpid()))
    # Ray's own handler of signals, which writes a stack at SIGTERM, takes this one too.
    status = Path("/proc/self/status").read_text()
    handled = int(status.partition("SigCgt:")[2].split()[0], base=16)
    assert not handled >> (signal.SIGTRAP - 1) & 1
    assert "0100007F" in found
    # 127.0.0.1, ::1, and ::ffff:127.0.0.1 in the kernel's notation.
    assert found <= {
        "0100007F",
        "00000000000000000000000001000000",
        "0000000000000000FFFF00000100007F",
    }


DROPPING = """
import gc, sys, threading, time
import ray
from nas.cluster.connection import cluster


class Loop:
    def __init__(self, reference):
        self.me, self.reference = self, reference


def drop(references):
    while not over.is_set() and references:
        Loop(references.pop())
        time.sleep(5e-4)


over = threading.Event()
sys.setswitchinterval(1e-5)
with cluster(cpus=1):
    references = [ray.put(None) for _ in range(10_000)]
    gc.freeze()
    gc.set_threshold(20)
    thread = threading.Thread(target=drop, args=(references,))
    thread.start()
over.set()
thread.join()
print(len(references) > 0, gc.isenabled())
"""


def test_another_thread_may_collect_garbage_while_ray_ends() -> None:
    """As that of a progress bar does."""
    done = subprocess.run(
        [sys.executable, "-c", DROPPING], capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr


def test_what_ray_has_is_divided() -> None:
    with cluster(None, 3):
        assert share_out(WorkerOptions()) == Hands(workers=3, cpus=1, gpus=0.0)
        assert share_out(WorkerOptions(workers=1)) == Hands(workers=1, cpus=3, gpus=0.0)
        with pytest.raises(UserError, match="there are 0 GPUs"):
            share_out(WorkerOptions(gpus_per_trial=0.5))


@pytest.mark.parametrize(
    "wrong", [{"workers": 0}, {"gpus_per_trial": -1.0}, {"gpus_per_trial": 1.5}]
)
def test_options_that_nobody_can_have(wrong: dict[str, float]) -> None:
    with pytest.raises(UserError, match="cannot be used: give"):
        WorkerOptions(**wrong)  # type: ignore[arg-type]


def test_a_cluster_that_is_not_there() -> None:
    with pytest.raises(UserError, match="no Ray cluster answers at"), cluster("127.0.0.1:1"):
        pass
