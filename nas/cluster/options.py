"""Where Ray runs and how many workers it has: settings that every command with workers shares."""

import re
from dataclasses import dataclass

from nas.common.errors import UserError

# A name, a number, or in brackets a number of version 6; then a port. Addresses of Ray's client,
# ray://, are left out: Ray Tune would take the jobs away from this process, where their history is.
_ADDRESS = r"(?:\w[\w-]{0,62}(?:\.[\w-]{1,63})*\.?|\[[0-9a-fA-F:.]+\]):(\d{1,5})"


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """Settings that say where Ray runs."""

    ray_address: str | None = None
    """Ray cluster to run on, HOST:PORT or auto; by default this machine alone."""

    def __post_init__(self) -> None:
        address = self.ray_address
        if address is not None and address != "auto" and not _is_address(address):
            raise UserError(
                f"--ray-address {address!r} cannot be used: give HOST:PORT of a cluster to which "
                "this machine belongs, or auto"
            )


@dataclass(frozen=True, kw_only=True)
class WorkerOptions(ClusterOptions):
    """Settings that say how many workers there are, and how much of a GPU each has.

    Example:
        >>> WorkerOptions(workers=2, gpus_per_trial=0.5).ray_address is None
        True
        >>> WorkerOptions(workers=0)
        Traceback (most recent call last):
        ...
        lens_nas_plugins.mistakes.UserError: --workers 0 cannot be used: give 1 or more
    """

    workers: int | None = None
    """Trainings or candidates at a time (default: one for each core, but no more than 4 on one
    machine)."""
    gpus_per_trial: float | None = None
    """Share of a GPU for each training or candidate (default: all GPUs in equal shares; 0: CPUs
    alone)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.workers is not None and self.workers < 1:
            raise UserError(f"--workers {self.workers} cannot be used: give 1 or more")
        gpus = self.gpus_per_trial
        if gpus is not None and not (0 <= gpus <= 1 or gpus == int(gpus) > 1):
            raise UserError(
                f"--gpus-per-trial {gpus} cannot be used: give a share from 0 to 1, or a whole "
                "number"
            )


def _is_address(text: str) -> bool:
    found = re.fullmatch(_ADDRESS, text, flags=re.ASCII)
    return found is not None and 0 < int(found[1]) < 2**16
