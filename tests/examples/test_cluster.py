"""The scripts for clusters: a job of Slurm's on two nodes, and what a cloud is asked for."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import pandas as pd
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tests.folders import folder
from tests.running import ends_within

EXAMPLES = Path(__file__).parents[2] / "examples"

# Slurm's commands, as far as the job uses them. Both nodes are this machine.
SRUN = """#!/usr/bin/env bash
for word; do
    case $word in
        --nodelist=*) node=${word#*=} ;;
        --*) ;;
        *) break ;;
    esac
    shift
done
echo "$node: $*" >> srun.log
exec "$@"
"""
SCONTROL = """#!/usr/bin/env bash
[[ "$*" == "show hostnames node[1-2]" ]] && printf 'node1\\nnode2\\n'
"""

QUICK = (
    "--fidelity scratch --strategy random --epochs 1 --batch-size 16 --max-params 40000 "
    "--track none"
)


@pytest.fixture
def rays() -> Iterator[str]:
    """A directory with a short name, for those of sockets may have 107 letters."""
    with tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as directory:
        yield directory


@pytest.fixture
def sbatch(tmp_path: Path, rays: str) -> Callable[..., "subprocess.Popen[bytes]"]:
    """Start the job as Slurm does: a copy of the script, on the first node, at the lead of all."""
    commands, venv = tmp_path / "slurm", tmp_path / ".venv" / "bin"
    for directory in (commands, venv):
        directory.mkdir(parents=True)
    for name, text in (("srun", SRUN), ("scontrol", SCONTROL)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    python = shlex.quote(str(Path(sys.executable).parent))
    (venv / "activate").write_text(f"PATH={python}:$PATH\n")
    script = tmp_path / "slurm_script"
    script.write_bytes((EXAMPLES / "04_cluster.sh").read_bytes())

    def sbatch(log: IO[bytes], *flags: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            ["bash", str(script), *flags],
            cwd=tmp_path,
            env={
                **os.environ,
                "PATH": f"{commands}:{os.environ['PATH']}",
                "PYTHONPATH": str(EXAMPLES.parent),  # of a checkout that is not installed
                "RAY_TMPDIR": rays,
                "SLURM_JOB_ID": str(os.getpid()),
                "SLURM_JOB_NODELIST": "node[1-2]",
                "SLURM_CPUS_PER_TASK": "1",
            },
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    return sbatch


@pytest.mark.cluster
def test_a_job_of_two_nodes_stops_when_time_is_up_and_goes_on(
    tmp_path: Path, sbatch: Callable[..., "subprocess.Popen[bytes]"]
) -> None:
    folder(tmp_path / "my lenses")
    run = tmp_path / "results" / "runs" / f"slurm-{os.getpid()}"
    with (tmp_path / "job.log").open("wb") as log:
        job = sbatch(log, "--data", "my lenses", "--trials", "40", *QUICK.split())
        while job.poll() is None and not (run / "candidates.csv").exists():
            time.sleep(0.1)
        job.send_signal(signal.SIGTERM)  # what --signal=B:TERM@120 sends
        assert job.wait(60) == 130, (tmp_path / "job.log").read_text()
        assert ends_within(20, job.pid) == []
        before = len(pd.read_csv(run / "candidates.csv"))
        assert 1 <= before < 40
        # The job is queued again; fewer candidates make the test quick.
        again = sbatch(log, "--never", "looked at")
        while again.poll() is None and len(pd.read_csv(run / "candidates.csv")) <= before:
            time.sleep(0.1)
        again.send_signal(signal.SIGTERM)
        assert again.wait(60) == 130, (tmp_path / "job.log").read_text()
        assert ends_within(20, again.pid) == []
    said = (tmp_path / "job.log").read_text()
    assert said.count("Ray runs on 2 nodes with 2 cores") == 2
    assert "Traceback" not in said
    starts = [line.partition(" --")[0] for line in (tmp_path / "srun.log").read_text().splitlines()]
    assert starts == ["node1: ray start", "node2: ray start"] * 2
    history = (run / "search.log").read_text()
    assert history.count("started: ") == history.count("resumed: ") == 1
    assert history.count(" interrupted") == 2


def test_the_job_asks_for_what_it_uses() -> None:
    """Slurm reads only comments above the first command."""
    text = (EXAMPLES / "04_cluster.sh").read_text(encoding="utf-8")
    head, _, rest = text.partition("set -euo pipefail")
    asked = dict(re.findall(r"^#SBATCH --([\w-]+)=?(.*)$", head, flags=re.MULTILINE))
    assert {"nodes", "cpus-per-task", "gpus-per-node", "signal", "requeue"} <= asked.keys()
    assert "#SBATCH" not in rest


def test_a_cloud_is_asked_for_a_cluster_that_ray_knows() -> None:
    text = (EXAMPLES / "04_cluster.yaml").read_text(encoding="utf-8")
    config = prepare_config(yaml.safe_load(text))
    validate_config(config)
    mounted = config["file_mounts"].keys()
    assert any(command.endswith(place) for command in config["setup_commands"] for place in mounted)
    # The machines run the Ray that the tests run.
    (version,) = re.findall(r"rayproject/ray:([\d.]+)-py3\d+", config["docker"]["image"])
    lock = (EXAMPLES.parent / "requirements.lock").read_text(encoding="utf-8")
    assert f"\nray=={version}\n" in lock
