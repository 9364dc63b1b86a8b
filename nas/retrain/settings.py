"""The settings of ``python -m nas.retrain``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.settings import SPACE
from nas.data.options import ReadOptions, TaskOptions, require_folder
from nas.search.run_directory import RunDirectory
from nas.tracking.options import TrackOptions
from nas.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class RetrainSettings(ReadOptions, TaskOptions, Recipe, TrackOptions, WorkerOptions):
    """Train the best architectures of a search from scratch, and judge them on the test split.

    They learn what the search was for, classes or a number. Each is trained several times.
    Validation chooses the epoch; the test split is read once for each trained network. The same
    command again continues what was interrupted, and ends with the same weights.

    Example:
        >>> from pathlib import Path
        >>> from nas.retrain.settings import RetrainSettings
        >>> settings = RetrainSettings(run=Path("results/runs/RUN"), top=2, seeds=5)
        >>> settings.top * settings.seeds  # networks that are trained
        10
    """

    run: Path | None = None
    """Directory of the search; by default the newest in results/runs."""
    top: int = 1
    """How many of the search's best architectures to train: its finalists come first, the
    recommended one before all, and then the candidates with the highest validation AUC."""
    architecture: str | None = None
    """An architecture to train instead: one line of genes, or a name; with --run on the data of
    that search."""
    space: str = SPACE
    """Search space of an architecture that is given by name, where there is no --run; a line names
    its own."""
    data: Path | None = None
    """Directory of the data set, where there is no --run or its data set was moved; that of a run
    is read as the search read it."""
    seeds: int = 3
    """Trainings of each architecture."""
    seed: int = 0
    """Seed of the first training; the others follow."""
    init: Literal["scratch", "supernet"] = "scratch"
    """First weights: random ones, or those that the architecture inherits from the supernet of the
    search."""
    tune: int = 0
    """Recipes to try first, on validation images with the best architecture: learning rate, weight
    decay, drop path and augmentation."""
    workers: int | None = 1
    """Recipes to try at a time."""
    gpus_per_trial: float | None = None
    """Share of a GPU for each recipe that is tried (default: all GPUs in equal shares; 0: CPUs
    alone)."""
    ray_address: str | None = None
    """Ray cluster to try recipes on; by default this machine alone."""
    device: str = "auto"
    """Where to train: auto, cpu, cuda or cuda:1."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        TaskOptions.__post_init__(self)
        Recipe.__post_init__(self)
        WorkerOptions.__post_init__(self)
        for name, least in (("top", 1), ("seeds", 1), ("tune", 0), ("seed", 0)):
            if getattr(self, name) < least:
                raise UserError(
                    f"--{name} {getattr(self, name)} cannot be used: give {least} or more"
                )


def check(settings: RetrainSettings) -> None:
    """Check that the tracker is installed, and that data set and run are there.

    Raises:
        UserError: the tracker, the data set or the run is missing.
    """
    settings.require_tracker()
    if settings.data is not None:
        require_folder(settings.data)
    if settings.run is not None:
        RunDirectory.open(settings.run)
