"""Where curves go: the setting that every command with curves shares."""

import importlib.util
from dataclasses import dataclass
from typing import Literal

from nas.common.errors import UserError

TrackerName = Literal["tensorboard", "wandb", "mlflow", "none"]


@dataclass(frozen=True, kw_only=True)
class TrackOptions:
    """Where curves go."""

    track: TrackerName = "tensorboard"
    """Where curves go: tensorboard, wandb (offline unless you are logged in), mlflow (a file unless
    MLFLOW_TRACKING_URI is set) or none."""

    def require_tracker(self) -> None:
        """Look for the tracker's package, before anything is done.

        Raises:
            UserError: it is not installed.
        """
        if self.track not in ("wandb", "mlflow"):
            return
        found = importlib.util.find_spec(self.track)
        # wandb leaves directories of its name behind, which Python takes for packages without an
        # origin.
        if found is None or found.origin is None:
            raise UserError(
                f"--track {self.track} needs a package that is not installed: pip install "
                f"'lens-nas[{self.track}]'"
            )
