"""Curves of a training."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nas.tracking.curves import tracking
from nas.tracking.options import TrackerName
from nas.training.loop import OnEpoch


@contextmanager
def tracked_epochs(
    track: TrackerName, directory: Path, settings: Mapping[str, Any]
) -> Iterator[OnEpoch]:
    """Track a training for the length of a ``with`` block; see :func:`tracking`.

    Yields:
        What :func:`nas.training.fit` calls after each epoch.
    """
    with tracking(track, directory, settings) as log:
        yield lambda record: log(
            record.epoch,
            {
                "loss": record.loss,
                "learning_rate": record.learning_rate,
                "seconds": record.seconds,
                **{f"val/{name}": value for name, value in record.val.items()},
            },
        )
