"""The setting of where curves go, which every command with curves shares."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lens_nas_plugins.registry import Registry
from nas.common.errors import UserError

TRACKERS = Registry[Callable[..., Any]](
    "trackers", ("tensorboard", "wandb", "mlflow", "none"), mistake=UserError
)
"""All trackers by name; those of plug-ins are looked up here."""


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """Where the curves of a run go.

    Example:
        >>> from nas.tracking.options import TrackOptions
        >>> TrackOptions().track
        'tensorboard'
        >>> TrackOptions(track="none").require_tracker()
    """

    track: str = "tensorboard"
    """Where curves go: tensorboard, wandb (offline unless you are logged in), mlflow (a file unless
    MLFLOW_TRACKING_URI is set), none, or a tracker of a plug-in."""

    def require_tracker(self) -> None:
        """Check that the tracker can be had, before anything is done.

        Raises:
            UserError: there is none of this name, or its package is not installed or cannot be
                loaded.
        """
        TRACKERS.require(self.track)
        if self.track not in TRACKERS.built_in:
            TRACKERS.get(self.track)
        if self.track not in ("wandb", "mlflow"):
            return
        found = importlib.util.find_spec(self.track)
        # wandb leaves directories behind that are called wandb, and Python takes them for packages
        # without an origin.
        if found is None or found.origin is None:
            raise UserError(
                f"--track {self.track} needs a package that is not installed: pip install "
                f"'lens-nas[{self.track}]'"
            )
