"""The settings of ``python -m nas.supernet``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nas.cluster.options import ClusterOptions
from nas.common.errors import UserError
from nas.common.settings import SPACE
from nas.data.options import ReadOptions, require_data
from nas.tracking.options import TrackOptions
from nas.training.recipe import Recipe
from nas.training.supernet.sharing import Sharing


@dataclass(frozen=True, kw_only=True)
class SupernetSettings(ReadOptions, Recipe, Sharing, TrackOptions, ClusterOptions):
    """Train the shared weights of all networks of a search space.

    The weights of the best epoch are kept in the run directory. The same command again continues a
    training that was interrupted, and ends with the same weights.

    Example:
        >>> from pathlib import Path
        >>> from nas.supernet.settings import SupernetSettings
        >>> settings = SupernetSettings(data=Path("data"), space="hybrid_nano", workers=2)
        >>> settings.batch_size // settings.workers  # images of a step that each process works on
        16
    """

    space: str = SPACE
    """Search space of the supernet: lens_nano (for a laptop), lens_small (for a GPU), hybrid_nano
    or hybrid_small (without symmetry)."""
    norm: Literal["batch", "group"] = "batch"
    """Normalisation of the convolutions; batch statistics are taken anew for each network that is
    scored."""
    data: Path | None = None
    """Directory of the data set."""
    run: Path | None = None
    """Directory for weights, log and result; by default one in results/runs that is named after the
    settings."""
    seed: int = 0
    """Seed of the first weights, the order of the images, their augmentation, and the random
    networks."""
    workers: int = 1
    """Processes that train together, each on its share of every batch; with several, the run
    directory must be one that all machines of the cluster see."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        self.require_known_length("a supernet is trained for --epochs")
        Sharing.__post_init__(self)
        ClusterOptions.__post_init__(self)
        if self.workers < 1 or self.batch_size % self.workers:
            raise UserError(
                f"--workers {self.workers} cannot share batches of {self.batch_size} images: give "
                "a divisor of --batch-size"
            )


def check(settings: SupernetSettings) -> None:
    """Check that the tracker is installed, and that the data set is there.

    Raises:
        UserError: the tracker or the data set is missing.
    """
    settings.require_tracker()
    require_data(settings.data)
