"""Ray: one machine on its loopback address, or the cluster that the user names."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ray

from nas.errors import UserError

_ROOT = Path(__file__).parent.parent


@contextmanager
def cluster(address: str | None = None, cpus: int | None = None) -> Iterator[None]:
    """Connect to Ray for the length of a ``with`` block, or use the connection that is there.

    Args:
        address: of a running cluster; None starts one on this machine, whose ports answer this machine alone.
        cpus: processors of a cluster that is started here; None for all.

    Raises:
        UserError: no cluster answers at the address.
    """
    if ray.is_initialized():
        yield
        return
    # Ray asks for it, and 2.60 warns where it is not set.
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    # Workers must find our packages also where the user works from a checkout that is not installed.
    paths = os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))
    runtime = {"env_vars": {"PYTHONPATH": paths}}
    quiet = {"logging_level": logging.ERROR, "log_to_driver": False}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if address is None:
                ray.init(
                    "local",
                    num_cpus=cpus,
                    include_dashboard=False,
                    runtime_env=runtime,
                    _node_ip_address="127.0.0.1",
                    **quiet,
                )
            else:
                ray.init(address, runtime_env=runtime, **quiet)
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"at {address}" if address else "on this machine"
        reason = str(error).splitlines()[0]
        raise UserError(f"no Ray cluster answers {where} ({reason}): start one with ray start --head") from error
    try:
        yield
    finally:
        ray.shutdown()
        sys.stderr.flush()
