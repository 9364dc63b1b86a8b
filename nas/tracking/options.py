"""The setting of where curves go, which every command with curves shares."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

from nas.common.errors import UserError

TrackerName = Literal["tensorboard", "wandb", "mlflow", "none"]


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """Where the curves of a run go.

    Example:
        >>> from nas.tracking.options import TrackOptions
        >>> TrackOptions().track
        'tensorboard'
        >>> TrackOptions(track="none").require_tracker()
    """

    track: TrackerName = "tensorboard"
    """Where curves go: tensorboard, wandb (offline unless you are logged in), mlflow (a file unless
    MLFLOW_TRACKING_URI is set) or none."""

    def require_tracker(self) -> None:
        """Check that the tracker's package is installed, before anything is done.

        Raises:
            UserError: the package is not installed.
        """
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
