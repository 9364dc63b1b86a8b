"""Train a supernet in several processes, on one machine or a cluster, through Ray Train."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Thread
from typing import Any

import ray
import ray.train
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchConfig, TorchTrainer, get_device
from ray.train.v2.api.exceptions import TrainingFailedError, WorkerGroupError
from ray.util.queue import Queue

from nas.cluster.carried import Carried
from nas.cluster.connection import cluster
from nas.common.errors import UserError
from nas.data.tensors import LensTensors
from nas.training.bar import training_bar
from nas.training.loop import OnEpoch, Result
from nas.training.record import EpochRecord
from nas.training.supernet.training import SHOWN, SupernetTraining
from nas.training.supernet.worker import Worker


def train_distributed(
    training: SupernetTraining,
    train: LensTensors,
    val: LensTensors,
    device: str,
    address: str | None = None,
    on_epoch: OnEpoch | None = None,
) -> Result:
    """Train as :meth:`SupernetTraining.run` does, each worker on its share of every batch.

    Args:
        training: training to run; all workers must see its directory.
        train: images to learn from, on the CPU.
        val: images that choose the epoch, on the CPU.
        device: ``cpu``, or ``cuda`` with one GPU for each worker.
        address: address of a Ray cluster; None starts one on this machine.
        on_epoch: function that is called in this process for each epoch, and for all epochs once
            more at the end.

    Raises:
        UserError: :meth:`SupernetTraining.run` raised it, or a worker died.
    """
    training = replace(training, directory=training.directory.absolute())
    # This stands before the workers are started, which takes seconds: no worker is needed to see
    # that the directory belongs to another training.
    if training.is_finished():
        return training.run(train, val, on_epoch=on_epoch)
    storage = training.directory / "ray"
    with cluster(address, training.spec.workers), _watched(training, on_epoch) as records:
        trainer = TorchTrainer(
            _work,
            train_loop_config={
                "training": training,
                "images": ray.put((train, val)),
                "records": records,
                "carried": Carried.here(),
            },
            torch_config=TorchConfig(backend="nccl" if device == "cuda" else "gloo"),
            scaling_config=ScalingConfig(
                num_workers=training.spec.workers, use_gpu=device == "cuda"
            ),
            run_config=RunConfig(
                storage_path=str(storage), failure_config=FailureConfig(max_failures=0)
            ),
        )
        try:
            trainer.fit()
        except TrainingFailedError as error:
            raise _mistake(error, training) from error
        finally:
            shutil.rmtree(storage, ignore_errors=True)
    return training.run(train, val, on_epoch=on_epoch)


def _work(config: dict[str, Any]) -> None:
    """Train in one worker; the first worker reports the epochs."""
    config["carried"].unpack()
    training: SupernetTraining = config["training"]
    train, val = (split.to(get_device()) for split in ray.get(config["images"]))
    context = ray.train.get_context()
    worker = Worker(context.get_world_rank(), context.get_world_size())
    training.run(train, val, worker, config["records"].put if worker.rank == 0 else None)


@contextmanager
def _watched(training: SupernetTraining, on_epoch: OnEpoch | None) -> Iterator[Queue]:
    """Show and report the epochs that workers put into a queue, for a ``with`` block."""
    queue = Queue()

    def show() -> None:
        records: list[EpochRecord] = []
        with training_bar(training.spec.recipe.epochs, 1, records, SHOWN) as bar:
            while (record := queue.get()) is not None:
                records.append(record)
                bar.epochs(records)
                if on_epoch is not None:
                    on_epoch(record)

    thread = Thread(target=show, daemon=True)
    thread.start()
    try:
        yield queue
    finally:
        queue.put(None)
        thread.join()
        queue.shutdown()


def _mistake(error: TrainingFailedError, training: SupernetTraining) -> UserError:
    """Return an error that says what the user can do about workers that failed."""
    failures = list(error.worker_failures.values()) if isinstance(error, WorkerGroupError) else []
    for failure in failures:
        cause = getattr(failure, "cause", failure)
        if isinstance(cause, UserError):
            return cause
    reason = str(failures[0] if failures else error).strip().splitlines()[-1]
    return UserError(
        f"a worker of the training failed ({reason}); the last whole epoch is kept in "
        f"{training.directory}: run the same command again to go on"
    )
