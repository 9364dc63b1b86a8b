"""The worker of a cluster as Ray Tune has it: an actor that does one job after the other."""

import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from ray import tune

from nas.cluster.carried import Carried
from nas.cluster.jobs import Equipment, Failure, JobWorker, reason_of
from nas.common.errors import UserError


def device_of(gpus: float) -> torch.device:
    """Return the device on which a worker with this share of a GPU computes."""
    return torch.device("cuda" if gpus else "cpu")


class Actor(tune.Trainable):
    """Tune's actor, which does one job after the other."""

    def setup(  # type: ignore[override]
        self, config: dict[str, Any], equipment: Equipment[Any, Any], carried: Carried
    ) -> None:
        """Make the worker, and begin the first job."""
        self._device = device_of(config["gpus"])
        if 0 < config["gpus"] < 1:
            torch.cuda.set_per_process_memory_fraction(config["gpus"])
        try:
            carried.unpack()
            self._worker: JobWorker[Any, Any] = equipment.worker(self._device)
        except UserError as mistake:
            self._worker = _Refusing(mistake)
        self._outcomes = self._worker.work(config["job"])

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """End the job, and begin another with the same worker."""
        self._outcomes.close()  # type: ignore[attr-defined]
        self._outcomes = self._worker.work(new_config["job"])
        return True

    def step(self) -> dict[str, Any]:
        """Return the next outcome, or why there is none."""
        try:
            outcome, last = next(self._outcomes)
        # Whatever is raised fails this job alone, and the actor goes on with others.
        except Exception as error:
            kind: Any = "mistake" if isinstance(error, UserError) else "error"
            told = "" if kind == "mistake" else traceback.format_exc()
            result = {"failure": Failure(reason_of(error), kind, told), "done": True}
        else:
            # Tune takes dictionaries within results apart, so the outcome is put into a tuple.
            result = {"outcome": (outcome,), "done": last}
        if result["done"] and self._device.type == "cuda":
            torch.cuda.empty_cache()
        return result

    def cleanup(self) -> None:
        """End the job."""
        self._outcomes.close()  # type: ignore[attr-defined]


@dataclass(frozen=True)
class _Refusing:
    """A worker that cannot work, and fails every job with the reason.

    An actor that could not be made would fail them too, but without a sentence.
    """

    mistake: UserError

    def work(self, job: Any) -> Iterator[tuple[Any, bool]]:
        yield from self._refuse()

    def _refuse(self) -> Iterator[tuple[Any, bool]]:
        raise self.mistake
