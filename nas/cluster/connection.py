"""Ray: one machine on its loopback address, or the cluster that the user names."""

import logging
import os
import socket
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ray
from ray._private import ray_constants

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError

_ROOT = Path(__file__).parent.parent.parent

# How long a machine has to answer.
_SECONDS = 10.0

# Without being asked, no more memory on one machine than some 4 GB.
_MOST_WORKERS = 4


@dataclass(frozen=True)
class Hands:
    """Who works: how many at a time, and how many processors and what share of a GPU each of them
    may use.
    """

    workers: int
    cpus: int
    gpus: float


@contextmanager
def cluster(address: str | None = None, cpus: int | None = None) -> Iterator[None]:
    """Connect to Ray for the length of a ``with`` block, or use the connection that is there.

    Args:
        address: of a running cluster; None starts one on this machine, whose ports answer this
            machine alone.
        cpus: processors of a cluster that is started here; None for all.

    Raises:
        UserError: no cluster answers at the address.
    """
    if ray.is_initialized():
        yield
        return
    with _loopback_only() if address is None else environment_variables({}):
        _start(address, cpus)
        try:
            yield
        finally:
            ray.shutdown()
            sys.stderr.flush()


def share_out(options: WorkerOptions) -> Hands:
    """Divide what Ray, which is running, has to give.

    Args:
        options: what was asked for; what was left open is decided here.

    Raises:
        UserError: there are fewer GPUs.
    """
    there: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    cores, cards = int(there.get("CPU", 1)), there.get("GPU", 0.0)
    workers = options.workers or (cores if options.ray_address else min(cores, _MOST_WORKERS))
    gpus = options.gpus_per_trial
    if gpus is None:
        gpus = (
            int(min(1.0, cards / workers) * 10_000) / 10_000
        )  # rounded down to what Ray can count
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
    """Set environment variables, which is how much of Ray is configured, for the length of a
    ``with`` block.
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
def _loopback_only() -> Iterator[None]:
    """Let a cluster that is started now have 127.0.0.1 for its address.

    Ray does so where it supports no clusters of several machines, and listens on all addresses
    everywhere else: even where it is given 127.0.0.1, it looks the outer address up. Its processes
    read the variable, and this one has read it already.
    """
    supported = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        with environment_variables({ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR: "0"}):
            yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = supported


def _start(address: str | None, cpus: int | None) -> None:
    if address is not None:
        _knock(address)
    # Ray asks for it, and 2.60 warns where it is not set.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Workers must find our packages also where the user works from a checkout that is not
    # installed.
    paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    runtime = {"env_vars": {"PYTHONPATH": paths}}
    local: dict[str, Any] = (
        {"num_cpus": cpus, "include_dashboard": False} if address is None else {}
    )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ray.init(
                address or "local",
                runtime_env=runtime,
                logging_level=logging.ERROR,
                log_to_driver=False,
                **local,
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"at {address}" if address else "on this machine"
        reason = str(error).splitlines()[0]
        raise UserError(
            f"no Ray cluster answers {where} ({reason}): start one with ray start --head"
        ) from error


def _knock(address: str) -> None:
    """Check that somebody answers at the address, for which Ray would wait some minutes."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdecimal()):
        return  # "auto" and the like are Ray's to find
    try:
        socket.create_connection((host, int(port)), timeout=_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise UserError(
            f"no Ray cluster answers at {address} ({error}): start one with ray start --head"
        ) from error
