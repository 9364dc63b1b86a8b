"""Log the curves of a run to TensorBoard, Weights & Biases or MLflow: ``--track``.

The files lie in ``directory/tracking``, where each tracker and each set of settings has a place of
its own. Trackers are only views. What a run did is kept in its study or in the state of its
training: a resumed run tells everything from there once more, and points that were logged before
are passed over.
"""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nas.common.artefacts import checked, read_json
from nas.common.files import short_digest, write_json
from nas.common.progress import say
from nas.common.rules import Text
from nas.tracking.options import TRACKERS
from nas.tracking.services import MLflow, TensorBoard, Tracker, Wandb

Log = Callable[[int, Mapping[str, float]], None]
"""What logs numbers by name at a step: ``log(step, {"loss": 0.5})``."""

_TRACKERS: Mapping[str, type[Tracker]] = {
    "tensorboard": TensorBoard,
    "wandb": Wandb,
    "mlflow": MLflow,
}


def register_tracker(name: str, tracker: type[Tracker]) -> None:
    """Register a tracker of one's own, which ``--track`` then knows.

    One that fails is named once and left alone; the run goes on.

    Args:
        name: name of the tracker.
        tracker: subclass of :class:`~nas.tracking.services.Tracker`.

    Raises:
        UserError: there is a tracker of this name, or it is no such subclass.

    Example:
        A tracker that prints:

        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.tracking.curves import register_tracker, tracking
        >>> from nas.tracking.services import Tracker
        >>> class Printed(Tracker):
        ...     def __init__(self, place, name, run): ...
        ...     def settings(self, values):
        ...         print("settings", values)
        ...     def scalars(self, step, values):
        ...         print(step, values)
        ...     def close(self, finished): ...
        >>> register_tracker("printed", Printed)
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with tracking("printed", Path(directory), {"seed": 0}) as log:
        ...         log(1, {"loss": 0.9})
        settings {'seed': 0}
        1 {'loss': 0.9}
    """
    if not (isinstance(tracker, type) and issubclass(tracker, Tracker)):
        raise TRACKERS.unfit(name)
    TRACKERS.add(name, tracker)


@contextmanager
def tracking(
    track: str,
    directory: Path,
    settings: Mapping[str, Any],
    tell: Callable[[str], None] = say,
) -> Iterator[Log]:
    """Track a run for the length of a ``with`` block.

    A tracker that fails is named once and left alone; the run goes on.

    Args:
        track: name of the tracker.
        directory: directory of the run.
        settings: JSON values that decide what the run does. They are logged once; a run with other
            values has curves of its own.
        tell: takes the line that names a tracker which fails; by default it goes to standard error,
            which of a Ray worker nobody reads.

    Yields:
        A function that logs numbers by name at a step. Steps must rise; a step that was logged
        before is passed over.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from nas.tracking.curves import tracking
        >>> with tempfile.TemporaryDirectory() as directory:
        ...     with tracking("tensorboard", Path(directory), {"seed": 0}) as log:
        ...         log(1, {"loss": 0.9})
        ...         log(2, {"loss": 0.5})
        ...     [place.name.partition("-")[0] for place in Path(directory, "tracking").iterdir()]
        ['tensorboard']
    """
    if track == "none":
        yield lambda step, values: None
        return
    tracked, finished = _Tracked(track, directory, settings, tell), False
    try:
        yield tracked.log
        finished = True
    finally:
        tracked.close(finished)


@dataclass(frozen=True)
class _Logged:
    run: Text
    step: int


class _Tracked:
    """A tracker that is opened when the first new point comes, and that may fail.

    ``logged.json`` holds the tracker's name for this run and the last step that was logged for
    certain. It is written after the point, so that a kill between the two repeats one point, with
    the same values.
    """

    def __init__(
        self,
        track: str,
        directory: Path,
        settings: Mapping[str, Any],
        tell: Callable[[str], None],
    ) -> None:
        self._track = track
        self._tell = tell
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
        """Log numbers by name, unless this step was logged before."""
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
        """Close the tracker, and tell it whether the run came to its end."""
        with self._trying():
            if self._tracker is not None:
                self._tracker.close(finished)
                self._write()

    def _open(self) -> Tracker:
        self._place.mkdir(parents=True, exist_ok=True)
        new = not self._run
        self._run = self._run or uuid.uuid4().hex
        make = _TRACKERS.get(self._track) or TRACKERS.get(self._track)
        tracker: Tracker = make(self._place, self._name, self._run)
        if new:
            tracker.settings(self._settings)
            self._write()
        return tracker

    @property
    def _logged(self) -> Path:
        return self._place / "logged.json"

    def _read(self) -> None:
        if self._logged.exists():
            logged = checked(_Logged, read_json(self._logged))
            self._run, self._step = logged.run, logged.step

    def _write(self) -> None:
        write_json(self._logged, {"run": self._run, "step": self._step})

    @contextmanager
    def _trying(self) -> Iterator[None]:
        try:
            yield
        # Any error may come here: a full disk, a server that is gone, a bug in the tracker. None of
        # them may end the run.
        except Exception as error:
            self._tracker, self._failed = None, True
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self._tell(
                f"--track {self._track} failed and is left alone ({reason}); the run goes on "
                "without it"
            )
