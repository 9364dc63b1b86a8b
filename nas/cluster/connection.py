"""Ray: one machine on its loopback address, or the cluster that the user names."""

import gc
import logging
import os
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray._private import ray_constants

from nas.cluster.guard import guarded
from nas.cluster.jobs import reason_of
from nas.cluster.options import WorkerOptions
from nas.cluster.place import require_place
from nas.cluster.watch import watched
from nas.common.errors import UserError
from nas.common.interruption import signals_kept
from nas.common.progress import waiting

_ROOT = Path(__file__).parent.parent.parent

# Seconds that a machine has to answer.
_SECONDS = 10.0

# Each worker takes about 1 GB of memory. On one machine no more than some 4 GB are taken unless the
# user asks for more workers.
_MOST_WORKERS = 4


@dataclass(frozen=True)
class Hands:
    """How many workers there are, and what each may use.

    Attributes:
        workers: Number of jobs that are done at a time.
        cpus: Processors for each worker.
        gpus: Share of a GPU for each worker; 0 for none.
    """

    workers: int
    cpus: int
    gpus: float


@contextmanager
def cluster(
    address: str | None = None, cpus: int | None = None, then: str = "the same command goes on"
) -> Iterator[None]:
    """Connect to Ray for the length of a ``with`` block, or use the connection that is there.

    Args:
        address: Address of a running cluster; None starts one on this machine, whose ports answer
            this machine alone.
        cpus: Processors of a cluster that is started here; None for all.
        then: How the work goes on that is done there, for the user whose cluster is lost.

    Raises:
        UserError: No cluster answers at the address.

    Example:
        Start Ray on two processors of this machine, and stop it at the end::

            import ray

            from nas.cluster.connection import cluster

            with cluster(cpus=2):
                print(ray.cluster_resources()["CPU"])  # 2.0
    """
    if ray.is_initialized():
        yield
        return
    place = _on_this_machine() if address is None else nullcontext(dict[str, str]())
    with place as variables:
        try:
            with environment_variables(variables):
                _start(address, cpus)
            with watched(then):
                yield
        finally:
            with _garbage_kept():
                ray.shutdown()
            sys.stderr.flush()


def share_out(options: WorkerOptions) -> Hands:
    """Divide processors and GPUs of the cluster among workers. Ray must be running.

    Args:
        options: What the user asked for; what was left open is decided here.

    Raises:
        UserError: The cluster has fewer GPUs than one worker shall have.

    Example:
        On a machine with four processors and no GPU, two workers have two processors each::

            from nas.cluster.connection import cluster, share_out
            from nas.cluster.options import WorkerOptions

            with cluster():
                print(share_out(WorkerOptions(workers=2)))  # Hands(workers=2, cpus=2, gpus=0.0)
    """
    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    cores, cards = int(there.get("CPU", 1)), there.get("GPU", 0.0)
    workers = options.workers or (cores if options.ray_address else min(cores, _MOST_WORKERS))
    gpus = options.gpus_per_trial
    if gpus is None:
        # Ray counts resources in steps of 1/10,000, so the share is rounded down to those.
        gpus = int(min(1.0, cards / workers) * 10_000) / 10_000
    if gpus > cards:
        raise UserError(
            f"--gpus-per-trial {gpus} cannot be had, for there are {cards:g} GPUs: give less, or "
            "the address of a cluster that has them"
        )
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    largest = max(int(node["Resources"].get("CPU", 1)) for node in nodes if node["Alive"])
    return Hands(workers, max(1, min(cores // workers, largest)), gpus)


@contextmanager
def environment_variables(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the length of a ``with`` block.

    Much of Ray and of Ray Tune is configured by them.

    Example:
        >>> import os
        >>> with environment_variables({"NAS_EXAMPLE": "1"}):
        ...     os.environ["NAS_EXAMPLE"]
        '1'
        >>> "NAS_EXAMPLE" in os.environ
        False
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Let Python collect no garbage by itself in the ``with`` block, in which Ray is shut down.

    Python collects in whatever thread makes objects, such as that of a progress bar. Where it finds
    a reference to one of Ray's objects while the main thread takes Ray apart, Ray ends the process.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


@contextmanager
def _on_this_machine() -> Iterator[dict[str, str]]:
    """Let a cluster that is started in the ``with`` block answer this machine alone, and end.

    Yields:
        The environment variables that Ray's processes must have.
    """
    with guarded() as mark, _loopback_only():
        yield mark


@contextmanager
def _loopback_only() -> Iterator[None]:
    """Let a cluster that is started in the ``with`` block have 127.0.0.1 for its address.

    Ray has no public setting for this: even where it is given 127.0.0.1, it looks the outer address
    up and listens on all addresses (https://github.com/ray-project/ray/issues/26293, which was
    closed). It uses 127.0.0.1 only where it supports no clusters of several machines, and that is
    what it is told here. The processes that Ray starts read an environment variable. This process
    has read it already, so the constant is changed too.
    """
    supported = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        with environment_variables({ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}):
            yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = supported


def _start(address: str | None, cpus: int | None) -> None:
    if address is None:
        require_place()
    else:
        _knock(address)
    # Ray prints what its processes complain of to standard output, which is for our results.
    ray._private.worker._worker_logs_enabled = False
    # At SIGTERM Ray's own handler writes a stack, where a command says that it was interrupted. Ray
    # reads the variable for this as it is imported, which is too late or for workers too.
    ray_constants.RAY_DISABLE_FAILURE_SIGNAL_HANDLER = True
    # Ray 2.60 warns where this is not set.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Workers must find our packages in a checkout that is not installed, too.
    paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    runtime = {"env_vars": {"PYTHONPATH": paths}}
    local: dict[str, Any] = (
        {"num_cpus": cpus, "include_dashboard": False} if address is None else {}
    )
    where = "starting Ray on this machine" if address is None else f"connecting to Ray at {address}"
    try:
        with waiting(where), warnings.catch_warnings(), signals_kept():
            warnings.simplefilter("ignore")
            ray.init(
                address or "local",
                runtime_env=runtime,
                logging_level=logging.ERROR,
                log_to_driver=False,
                **local,
            )
    except (OSError, RuntimeError, ValueError) as error:
        reason = reason_of(error)
        raise UserError(
            f"no Ray cluster answers at {address} ({reason}): start one with ray start --head"
            if address
            else f"Ray cannot be started on this machine ({reason}): the logs in "
            "ray/session_latest in RAY_TMPDIR, or in /tmp, say more"
        ) from error


def _knock(address: str) -> None:
    """Check that something answers at the address, since Ray would wait for it for minutes."""
    host, _, port = address.rpartition(":")
    if not (host and port.isdecimal()):
        # Only Ray can find the address that is meant by "auto" and other names.
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster answers at {address} ({error}): start one with ray start --head"
        ) from error
