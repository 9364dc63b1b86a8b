"""Curves of what runs, for TensorBoard, Weights & Biases or MLflow: ``--track``.

    with tracking(settings.track, directory, values) as log:
        log(step, {"loss": 0.5})

Files are in ``directory/tracking``, in a place of their own for each tracker and for other
``values``. Trackers are views: what a run did is in its study or its training's state, from where a
resumed run tells everything once more, and what was logged before is passed over.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas.common.files import short_digest, write_json
from nas.common.progress import say
from nas.tracking.options import TrackerName
from nas.tracking.services import MLflow, TensorBoard, Tracker, Wandb

Log = Callable[[int, Mapping[str, float]], None]

_TRACKERS: Mapping[str, type[Tracker]] = {
    "tensorboard": TensorBoard,
    "wandb": Wandb,
    "mlflow": MLflow,
}


@contextmanager
def tracking(track: TrackerName, directory: Path, settings: Mapping[str, Any]) -> Iterator[Log]:
    """Track a run for the length of a ``with`` block.

    A tracker that fails is named once on stderr (a Ray worker's is in Ray's logs) and left alone;
    the run goes on.

    Args:
        track: which tracker.
        directory: of the run.
        settings: JSON values that decide what the run does: logged once, and others are another
            run.

    Yields:
        What logs numbers by name at a step. Steps must rise; one that was logged before is passed
        over.
    """
    if track == "none":
        yield lambda step, values: None
        return
    tracked, finished = _Tracked(track, directory, settings), False
    try:
        yield tracked.log
        finished = True
    finally:
        tracked.close(finished)


class _Tracked:
    """A tracker that is opened for its first new point, and may fail.

    ``logged.json`` says which run of the tracker this is and how far it came for certain. It is
    written after the point: a kill in between repeats one, with the same values.
    """

    def __init__(self, track: TrackerName, directory: Path, settings: Mapping[str, Any]) -> None:
        self._track = track
        self._name = "/".join(directory.absolute().parts[-2:])
        self._place = directory / "tracking" / f"{track}-{short_digest(settings)}"
        self._settings = settings
        self._tracker: Tracker | None = None
        self._run = ""
        self._step = -1
        self._failed = False
        with self._trying():
            self._read()

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Log numbers, unless this was done before."""
        if self._failed or step <= self._step:
            return
        with self._trying():
            if self._tracker is None:
                self._tracker = self._open()
            self._tracker.scalars(step, values)
            self._step = step
            if self._tracker.durable:
                self._write()

    def close(self, finished: bool) -> None:
        """Close the tracker."""
        with self._trying():
            if self._tracker is not None:
                self._tracker.close(finished)
                self._write()

    def _open(self) -> Tracker:
        self._place.mkdir(parents=True, exist_ok=True)
        new = not self._run
        self._run = self._run or uuid.uuid4().hex
        tracker = _TRACKERS[self._track](self._place, self._name, self._run)
        if new:
            tracker.settings(self._settings)
            self._write()
        return tracker

    @property
    def _logged(self) -> Path:
        return self._place / "logged.json"

    def _read(self) -> None:
        if self._logged.exists():
            values = json.loads(self._logged.read_text(encoding="utf-8"))
            self._run, self._step = str(values["run"]), int(values["step"])

    def _write(self) -> None:
        write_json(self._logged, {"run": self._run, "step": self._step})

    @contextmanager
    def _trying(self) -> Iterator[None]:
        try:
            yield
        except (
            Exception
        ) as error:  # of whatever kind: a full disk, a server that is gone, a bug of the tracker's
            self._tracker, self._failed = None, True
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            say(
                f"--track {self._track} failed and is left alone ({reason}); the run goes on "
                "without it"
            )
