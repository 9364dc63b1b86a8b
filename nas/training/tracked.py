"""The curves of a training."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas.common.progress import say
from nas.tracking.curves import tracking
from nas.training.loop import OnEpoch


@contextmanager
def tracked_epochs(
    track: str,
    directory: Path,
    settings: Mapping[str, Any],
    tell: Callable[[str], None] = say,
) -> Iterator[OnEpoch]:
    """Track a training for the length of a ``with`` block.

    Args:
        track: name of the tracker.
        directory: directory of the training.
        settings: JSON values that decide the outcome of the training; see
            :func:`nas.tracking.curves.tracking`.
        tell: takes the line that names a tracker which fails.

    Yields:
        A function for the ``on_epoch`` of :func:`nas.training.loop.fit`, which logs each epoch.
    """
    with tracking(track, directory, settings, tell) as log:
        yield lambda record: log(
            record.epoch,
            {
                "loss": record.loss,
                "learning_rate": record.learning_rate,
                "seconds": record.seconds,
                **{f"val/{name}": value for name, value in record.val.items()},
            },
        )
