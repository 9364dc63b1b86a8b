"""The settings of ``python -m baselines.leaderboard``."""

from dataclasses import dataclass
from pathlib import Path

from baselines.leaderboard.grid import Grid
from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.common.settings import SPACE
from nas.data.options import ReadOptions, TaskOptions, require_folder
from nas.search.run_directory import RunDirectory
from nas.tracking.options import TrackOptions
from nas.training.recipe import Recipe, Schedule

DEFAULT = ("ResNet-18", "EfficientNet-B0")
"""Hand-designed networks that are compared where the user names none: the two most used ones that
get through several epochs in --max-minutes on one core. Larger ones ask for more minutes."""


@dataclass(frozen=True, kw_only=True)
class LeaderboardSettings(ReadOptions, TaskOptions, Recipe, TrackOptions, WorkerOptions):
    """Train networks by one recipe, and compare what they come to on the test split.

    They learn what the searches were for, classes or a number. Found networks and hand-designed
    ones try the same learning rates; validation chooses, and the test split is read once for each
    training that counts. Each is trained until validation gains no
    more, or for so many minutes. The same command goes on, and trains nothing again.

    Example:
        >>> from baselines.leaderboard.settings import LeaderboardSettings
        >>> settings = LeaderboardSettings(learning_rates=(0.5, 1, 2))
        >>> settings.models
        ('ResNet-18', 'EfficientNet-B0')
        >>> settings.grid.learning_rates
        (0.002, 0.004, 0.008)
    """

    data: Path | None = None
    """Directory of the data set; by default that of the searches, and where there is none, one is
    simulated."""
    run: tuple[Path, ...] = ()
    """Directories of searches whose best networks are compared; by default the newest in
    results/runs."""
    models: tuple[str, ...] = DEFAULT
    """Hand-designed networks: ResNet-18, EfficientNet-B0, ViT-tiny, CoAtNet-nano, MogaNet-XT or
    others of docs/comparing.md, or any name in timm."""
    architecture: tuple[str, ...] = ()
    """Architectures to compare too: NAME=LINE, or the name of a known one, such as
    symmetric_mbconv."""
    space: str = SPACE
    """Search space of architectures that are given by name."""
    random: int = 1
    """Random architectures with as many parameters as the first found network, to see what the
    search was worth."""
    schedule: Schedule = "wsd"
    """Course of the learning rate after the warm-up: wsd keeps it until validation has not gained
    for --patience epochs, and lets it fall over a fifth of the whole."""
    epochs: int = 60
    """Passes over the training images; with the schedule wsd the most of them."""
    max_minutes: float = 2.0
    """With the schedule wsd: minutes of training after which the learning rate falls even if
    validation still gains, which the table then says; 0 sets no limit."""
    learning_rates: tuple[float, ...] = (0.25, 1.0)
    """Multiples of --learning-rate that every network tries with its first seed."""
    weight_decays: tuple[float, ...] = ()
    """Multiples of --weight-decay that every network tries too, with its best learning rate."""
    seeds: int = 2
    """Trainings of each network."""
    seed: int = 0
    """Seed of the first training; the others follow."""
    latency_batch: int = 64
    """Images in a batch whose latency is measured, beside single images."""
    sort: str | None = None
    """Column of the CSV that orders the table (default: auc; r2 of a regression)."""
    out: Path = RUNS / "leaderboard"
    """Directory of the tables, and of all trainings."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        TaskOptions.__post_init__(self)
        Recipe.__post_init__(self)
        WorkerOptions.__post_init__(self)
        for name, least in (("seeds", 1), ("seed", 0), ("random", 0), ("latency_batch", 2)):
            if (value := getattr(self, name)) is not None and value < least:
                raise UserError(
                    f"--{name.replace('_', '-')} {value} cannot be used: give {least} or more"
                )
        if not self.learning_rates:
            raise UserError(
                "--learning-rates is empty: give one multiple or more, for example 0.25,1"
            )
        _ = self.grid

    @property
    def latency_batches(self) -> tuple[int, ...]:
        """Sizes of the batches whose latency is measured."""
        return 1, self.latency_batch

    @property
    def grid(self) -> Grid:
        """Learning rates and weight decays that every network tries, each once."""
        for name in ("learning_rates", "weight_decays"):
            factors = getattr(self, name)
            if not all(0 < factor < float("inf") for factor in factors):
                given = ",".join(f"{factor:g}" for factor in factors)
                raise UserError(
                    f"--{name.replace('_', '-')} {given} cannot be used: give positive numbers"
                )
        return Grid(
            _times(self.learning_rate, self.learning_rates),
            _times(self.weight_decay, (1.0, *self.weight_decays)),
        )


def _times(value: float, factors: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(dict.fromkeys(factor * value for factor in factors))


def check(settings: LeaderboardSettings) -> None:
    """Check that the tracker is installed, and that data set and runs are there.

    Raises:
        UserError: the tracker, the data set or a run is missing.
    """
    settings.require_tracker()
    if settings.data is not None:
        require_folder(settings.data)
    for run in settings.run:
        RunDirectory.open(run)
