"""The settings of ``python -m nas.train``."""

from dataclasses import dataclass
from pathlib import Path

from nas.common.errors import UserError
from nas.common.settings import SPACE
from nas.data.options import ReadOptions, TaskOptions, require_data
from nas.tracking.options import TrackOptions
from nas.training.networks.start import StartOptions
from nas.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class TrainSettings(ReadOptions, TaskOptions, Recipe, StartOptions, TrackOptions):
    """Train one network and report its validation scores.

    The network is an architecture of a search space or a model of timm. The weights of the best
    epoch are kept in the run directory. The same command again continues a training that was
    interrupted, and ends with the same weights.

    Example:
        >>> from pathlib import Path
        >>> from nas.train.settings import TrainSettings
        >>> settings = TrainSettings(model="resnet18", data=Path("data"), epochs=5)
        >>> settings.epochs, settings.batch_size
        (5, 32)
    """

    architecture: str | None = None
    """Architecture to train: one line of genes, or the name of one, such as symmetric_mbconv."""
    space: str = SPACE
    """Search space of an architecture that is given by name; a line names its own."""
    model: str | None = None
    """Model of timm to train instead of an architecture, by its name, for example resnet18."""
    data: Path | None = None
    """Directory of the data set."""
    run: Path | None = None
    """Directory for weights, log and result; by default one in results/runs that is named after the
    settings."""
    seed: int = 0
    """Seed of the first weights, the order of the images, and their augmentation."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        TaskOptions.__post_init__(self)
        Recipe.__post_init__(self)
        StartOptions.__post_init__(self)
        if (self.architecture is None) == (self.model is None):
            raise UserError(
                "give either --architecture LINE or --model NAME, the one network to train"
            )


def check(settings: TrainSettings) -> None:
    """Check that the tracker is installed, and that the data set is there.

    Raises:
        UserError: the tracker or the data set is missing.
    """
    settings.require_tracker()
    require_data(settings.data)
