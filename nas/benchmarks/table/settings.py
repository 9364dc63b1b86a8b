"""The settings of ``python -m nas.benchmarks.table``."""

from dataclasses import dataclass
from pathlib import Path

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.training.networks.start import checkpoint_in
from nas.training.recipe import Recipe


@dataclass(frozen=True, kw_only=True)
class TableSettings(Recipe, WorkerOptions):
    """Train networks of a search space alone, and write a table of what came of it.

    On the table any sampler can be run without a training. Finished trainings are kept and never
    repeated, so the same command goes on where it was interrupted.
    """

    space: str = "lens_bench"
    """Search space whose networks are trained."""
    networks: int | None = None
    """Number of networks, drawn at random (default: all of the space, which must be small)."""
    seeds: int = 3
    """Trainings of each network, with seeds 0, 1, …: one for candidates of a search, one for its
    finals, and one that judges."""
    nuisance: float = 0.5
    """Width of the ranges that lens and source of the simulated images are drawn from."""
    image_size: int = 48
    """Pixels on a side."""
    train: int = 8400
    """Number of images to learn from."""
    val: int = 5000
    """Number of images that choose the epoch."""
    test: int = 5000
    """Number of images that report."""
    epochs: int = 12
    """Passes over the images to learn from."""
    supernet: Path | None = None
    """Supernet of the space that learned from the same images, its directory or checkpoint: its
    scores of all networks go into the table too."""
    others: tuple[Path, ...] = ()
    """Tables with another number of epochs of the same networks and images, which the page compares
    with this one."""
    workers: int | None = 1
    """Trainings at a time (default: 1, so that all have the same share of the machine)."""
    gpus_per_trial: float | None = 0.0
    """Share of a GPU for each of them (default: 0, CPUs alone)."""
    trainings: Path = RUNS / "bench"
    """Directory of finished trainings."""
    out: Path = Path("results/bench")
    """Directory for the table and the page."""

    def __post_init__(self) -> None:
        Recipe.__post_init__(self)
        self.require_known_length("the table has all curves to the same epoch")
        WorkerOptions.__post_init__(self)
        for name in ("networks", "seeds", "train", "val", "test"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(
                    f"--{name.replace('_', '-')} {value} cannot be used: give 1 or more"
                )

    @property
    def data(self) -> Path:
        """Directory of the images."""
        counts = f"{self.train}-{self.val}-{self.test}"
        return Path("data") / f"bench-{self.image_size}px-{counts}-{self.nuisance:g}"


def check(settings: TableSettings) -> None:
    """Check that the supernet is there.

    Raises:
        UserError: it is not.
    """
    if settings.supernet is not None and not checkpoint_in(settings.supernet).exists():
        raise UserError(
            f"there is no supernet {settings.supernet}: train one with python -m nas.supernet "
            f"--space {settings.space} --data {settings.data}"
        )
