"""The settings of ``python -m nas.fidelity``."""

from dataclasses import dataclass
from pathlib import Path

from nas.cluster.options import WorkerOptions
from nas.common.errors import UserError
from nas.common.files import RUNS
from nas.data.options import ReadOptions, require_data
from nas.training.networks.start import require_checkpoint
from nas.training.recipe import Recipe

LEAST = 4
"""Architectures that a ranking needs."""


@dataclass(frozen=True, kw_only=True)
class FidelitySettings(ReadOptions, Recipe, WorkerOptions):
    """Train architectures alone and see how well a supernet would have ranked them.

    Counting FLOPs is compared too. The recipe is that of the networks trained alone. Finished
    trainings are kept and never repeated, so the same command goes on where it was interrupted, and
    another supernet is measured against the same networks.

    Example:
        >>> from pathlib import Path
        >>> from nas.fidelity.settings import FidelitySettings
        >>> settings = FidelitySettings(supernet=Path("results/runs/supernet"), data=Path("data"))
        >>> settings.architectures * settings.seeds  # networks that are trained alone
        48
        >>> {name: path.name for name, path in settings.supernets.items()}
        {'supernet': 'model.safetensors'}
    """

    supernet: tuple[Path, ...] | Path | None = None
    """Directory of a supernet's training, or several, separated by commas; supernets are named
    after their directories."""
    data: Path | None = None
    """Directory of the data set that the supernet was trained on."""
    architectures: int = 24
    """Architectures to train alone, drawn evenly over FLOPs."""
    seeds: int = 2
    """Trainings of each architecture, with seeds 0, 1, …"""
    seed: int = 0
    """Seed of the choice of architectures."""
    workers: int | None = 1
    """Trainings at a time (default: 1, so that all have the same share of the machine)."""
    gpus_per_trial: float | None = 0.0
    """Share of a GPU for each of them (default: 0, CPUs alone)."""
    trainings: Path = RUNS / "standalone"
    """Directory of finished trainings."""
    out: Path = RUNS / "fidelity"
    """Directory for tables and picture."""

    def __post_init__(self) -> None:
        ReadOptions.__post_init__(self)
        Recipe.__post_init__(self)
        self.require_known_length("networks are compared after as many epochs")
        WorkerOptions.__post_init__(self)
        for name, least in (("architectures", LEAST), ("seeds", 1), ("seed", 0)):
            value = getattr(self, name)
            if value < least:
                raise UserError(
                    f"--{name.replace('_', '-')} {value} cannot be used: give {least} or more"
                )

    @property
    def supernets(self) -> dict[str, Path]:
        """The checkpoint of each supernet, by the name of its directory."""
        if not self.supernet:
            raise UserError(
                "--supernet is missing: train one with python -m nas.supernet, and give its "
                "directory"
            )
        directories = self.supernet if isinstance(self.supernet, tuple) else (self.supernet,)
        directories = tuple(path.parent if path.is_file() else path for path in directories)
        named = {
            directory.resolve().name: directory / "model.safetensors" for directory in directories
        }
        if len(named) < len(directories):
            raise UserError("two supernets have directories of one name: rename one")
        return named


def check(settings: FidelitySettings) -> None:
    """Check that the data set and the supernets are there.

    Raises:
        UserError: the data set or a supernet is missing.
    """
    require_data(settings.data)
    for checkpoint in settings.supernets.values():
        require_checkpoint(checkpoint)
