"""The scores of one network that was trained from several seeds."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal, get_args

import numpy as np

from nas.common.rules import Must
from nas.training.result import FinalScores

Part = Literal["validation", "test"]
"""Name of the images that chose the epoch, or of those that report."""


@dataclass(frozen=True)
class Repeated:
    """The scores of one network that was trained from several seeds.

    Attributes:
        trainings: scores of each training, in the order of their seeds.
    """

    trainings: Annotated[tuple[FinalScores, ...], Must(bool, "one training or more")]

    def spread(self, split: Part, name: str) -> tuple[float, float | None]:
        """Return the mean of a score over the seeds, and its sample standard deviation.

        Args:
            split: images that the networks were scored on.
            name: name of the score.

        Returns:
            The mean and the standard deviation, which is None for a single seed.
        """
        values = [getattr(training, split)[name] for training in self.trainings]
        return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None

    def to_json(self) -> dict[str, Any]:
        """Return the means, the standard deviations and all trainings as JSON values."""
        values: dict[str, Any] = {"trainings": [asdict(training) for training in self.trainings]}
        for split in get_args(Part):
            # Trainings of another version may lack a score.
            names = [
                name
                for name in getattr(self.trainings[0], split)
                if all(name in getattr(training, split) for training in self.trainings)
            ]
            values[split] = {
                name: dict(zip(("mean", "std"), self.spread(split, name), strict=True))
                for name in names
            }
        return values
