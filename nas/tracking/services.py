"""The services that show curves, behind one small class: TensorBoard, Weights & Biases, MLflow.

None of them needs a login or a network unless the user's own environment says so. The packages
wandb and mlflow are imported where they are used, since they are optional and take a second each.
"""

import logging
import os
import re
import shutil
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import yaml
from tensorboardX import summary
from tensorboardX.event_file_writer import EventsWriter
from tensorboardX.proto.event_pb2 import Event

_PROJECT = "lens-nas"

# Seconds that a server may take before a run goes on without it.
_SECONDS = 30

# Name of an empty file that marks a directory of wandb's as whole.
_CLOSED = "closed"


class Tracker(ABC):
    """A service that the curves of one run go to.

    Args:
        place: existing directory for the files of the tracker.
        name: name of the run that people see.
        run: name of the run that the tracker knows it by; it is the same when the run is resumed,
            and no other run has it.
    """

    durable: ClassVar[bool] = True
    """Whether numbers survive a kill right after ``scalars``; if not, they are safe only after
    ``close``."""

    @abstractmethod
    def __init__(self, place: Path, name: str, run: str) -> None: ...

    @abstractmethod
    def settings(self, values: Mapping[str, Any]) -> None:
        """Log JSON values that hold for the whole run."""

    @abstractmethod
    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log finite numbers by name at a step, which is higher than the step before."""

    @abstractmethod
    def close(self, finished: bool) -> None:
        """End the connection, and say with ``finished`` whether the run came to its end."""


class TensorBoard(Tracker):
    """The event files of TensorBoard.

    They are written in the thread of the caller. The ``SummaryWriter`` of tensorboardX has a thread
    of its own: it would lose the last points to a kill, and wait forever once that thread met a
    full disk.
    """

    def __init__(self, place: Path, name: str, run: str) -> None:
        # tensorboardX names files after the second in which they are made, and would overwrite a
        # file of the same second. Nanoseconds tell them apart.
        self._writer = EventsWriter(str(place / "events"), f".{time.time_ns()}")

    def settings(self, values: Mapping[str, Any]) -> None:
        """Log the settings as YAML text."""
        # Four spaces make the text a block of code, so that its lines are not run together.
        lines = yaml.safe_dump(dict(values), sort_keys=False, allow_unicode=True).splitlines()
        self._write(0, summary.text("settings", "\n".join(f"    {line}" for line in lines)))

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Write numbers to the event file, and flush it."""
        for name, value in values.items():
            self._write(step, summary.scalar(name, value))
        self._writer.flush()

    def close(self, finished: bool) -> None:
        """Close the event file."""
        self._writer.close()

    def _write(self, step: int, what: Any) -> None:
        self._writer.write_event(Event(wall_time=time.time(), step=step, summary=what))


class Wandb(Tracker):
    """Weights & Biases: offline unless the user is logged in, or WANDB_MODE says otherwise.

    The package wandb gathers what it writes for many seconds, in a process that ends with ours. So
    what a kill left unfinished is removed: a resumed run tells it once more.
    """

    durable = False

    def __init__(self, place: Path, name: str, run: str) -> None:
        # wandb reads this variable while it is imported.
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        import wandb

        for left in place.glob("wandb/offline-run-*"):
            if not (left / _CLOSED).exists():
                shutil.rmtree(left)
        asked = os.environ.get("WANDB_MODE", "online")
        local = asked in ("offline", "dryrun", "disabled")
        self._run = wandb.init(
            project=_PROJECT,
            name=name,
            id=run,
            dir=place,
            resume="allow",
            reinit="create_new",
            mode=asked if local or wandb.login(prompt=False) else "offline",  # type: ignore[arg-type]
            # The terminal belongs to the command: wandb must neither read nor write there.
            settings=wandb.Settings(
                console="off",
                silent=True,
                init_timeout=_SECONDS,
                finish_timeout=_SECONDS,
                finish_timeout_raises=True,
            ),
        )

    def settings(self, values: Mapping[str, Any]) -> None:
        """Log the settings as the configuration of the run."""
        self._run.config.update(dict(values), allow_val_change=True)  # type: ignore[no-untyped-call]

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Hand numbers to the process of wandb."""
        self._run.log(dict(values), step=step, commit=True)

    def close(self, finished: bool) -> None:
        """Finish the run, and mark its directory as whole."""
        directory = Path(self._run.settings.sync_dir)
        self._run.finish(exit_code=0 if finished else 1)
        if directory.is_dir():  # There is none where wandb is disabled.
            (directory / _CLOSED).touch()


class MLflow(Tracker):
    """MLflow: the server at MLFLOW_TRACKING_URI, or a SQLite database in the run directory.

    The database stands in for MLflow's plain files, which are in maintenance mode.
    """

    def __init__(self, place: Path, name: str, run: str) -> None:
        # mlflow reads the first of these variables while it is imported.
        for variable, value in (
            ("MLFLOW_DISABLE_TELEMETRY", "true"),
            ("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2"),
            ("MLFLOW_HTTP_REQUEST_TIMEOUT", str(_SECONDS)),
        ):
            os.environ.setdefault(variable, value)
        from mlflow import MlflowClient

        logging.getLogger("mlflow").setLevel(logging.WARNING)
        server = os.environ.get("MLFLOW_TRACKING_URI")
        self._client = MlflowClient(
            tracking_uri=server or f"sqlite:///{(place / 'mlflow.db').absolute()}"
        )
        known = self._client.get_experiment_by_name(_PROJECT)
        artifacts = None if server else (place / "artifacts").absolute().as_uri()
        experiment = (
            known.experiment_id if known else self._client.create_experiment(_PROJECT, artifacts)
        )
        tag = "lens-nas.run"
        found = self._client.search_runs([experiment], f"tags.`{tag}` = '{run}'")
        begun = (
            found[0]
            if found
            else self._client.create_run(experiment, tags={tag: run}, run_name=name)
        )
        self._run = begun.info.run_id
        self._client.update_run(self._run, status="RUNNING")

    def settings(self, values: Mapping[str, Any]) -> None:
        """Log the settings as parameters with dotted names."""
        for name, value in _leaves(values):
            self._client.log_param(self._run, _plain(name), value)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Log all numbers of a step in one transaction."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        self._client.log_batch(
            self._run, [Metric(_plain(name), value, now, step) for name, value in values.items()]
        )

    def close(self, finished: bool) -> None:
        """Set the status of the run to how it ended."""
        self._client.set_terminated(self._run, "FINISHED" if finished else "KILLED")


def _plain(name: str) -> str:
    # MLflow allows few characters in a name, and the names of classes are the user's own.
    return re.sub(r"[^\w\-./ ]", "_", name, flags=re.ASCII)


def _leaves(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, branch in tree.items():
        if isinstance(branch, Mapping):
            yield from _leaves(branch, f"{path}{name}.")
        else:
            yield f"{path}{name}", branch
